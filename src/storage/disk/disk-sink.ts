/**
 * A new object on disk while it is written.
 */
import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import type { ObjectSink } from "../storage.ts";
import { isMissing, toWriteError } from "./disk-errors.ts";
import type { FolderSync } from "./folder-sync.ts";

/** Never an existing file and never through a link, even if somebody else could write here. */
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Only the gate reads what is not released. */
const PRIVATE = 0o600;

/** Opens a file that is not there yet, to write. */
export function createFile(path: string): Promise<FileHandle> {
  return open(path, CREATE, PRIVATE);
}

export class DiskSink implements ObjectSink {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #folder: FolderSync;
  #busy: Promise<unknown> = Promise.resolve();
  #aborted: Promise<void> | null = null;

  /** @param file just created at `path`; the sink closes it. */
  constructor(path: string, file: FileHandle, folder: FolderSync) {
    this.#path = path;
    this.#file = file;
    this.#folder = folder;
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#run(() => writeFully(this.#file, chunks));
  }

  seal(): Promise<void> {
    return this.#run(async () => {
      await this.#file.datasync();
      await this.#file.close();
      await this.#folder.sync();
    });
  }

  abort(): Promise<void> {
    this.#aborted ??= this.#abort();
    return this.#aborted;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    const done = work();
    this.#busy = done.catch(() => {});
    try {
      await done;
    } catch (error) {
      throw toWriteError(error);
    }
  }

  /** Waits for a write in flight, so that its buffers and its descriptor are free when this resolves. */
  async #abort(): Promise<void> {
    await this.#busy;
    await this.#file.close().catch(() => {});
    try {
      await unlink(this.#path);
    } catch (error) {
      if (!isMissing(error)) throw toWriteError(error);
    }
  }
}

/** Writes all of the chunks at the file's position. A short write (a disk that fills up, a signal) goes on where it stopped. */
export async function writeFully(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks;
  let restBytes = totalBytes(chunks);
  while (restBytes > 0) {
    const { bytesWritten } = await file.writev(rest);
    restBytes -= bytesWritten;
    if (restBytes > 0) rest = skipBytes(rest, bytesWritten);
  }
}

function totalBytes(chunks: readonly Uint8Array[]): number {
  let total = 0;
  for (const chunk of chunks) total += chunk.byteLength;
  return total;
}

function skipBytes(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let toSkip = count;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (toSkip < chunk.byteLength) rest.push(toSkip > 0 ? chunk.subarray(toSkip) : chunk);
    toSkip = Math.max(0, toSkip - chunk.byteLength);
  }
  return rest;
}
