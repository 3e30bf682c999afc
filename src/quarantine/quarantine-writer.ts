/**
 * Takes one file in: counts, hashes, enforces the size limit, and keeps the bytes in memory until they are too many for that.
 */
import { createHash } from "node:crypto";
import { GateError } from "../problems/gate-error.ts";
import type { Storage } from "../storage/storage.ts";
import type { QuarantinedFile, ReceivedFile } from "../uploads/stages.ts";
import { ChunkGatherer } from "./chunk-gatherer.ts";
import { StorageWriter } from "./storage-writer.ts";
import type { WriteBudget } from "./write-budget.ts";

/** Whether others may still look at the buffer of a chunk, or it is the writer's alone from now on. */
export type ChunkOwnership = "shared" | "given";

/** One file while it arrives. `finish` or `discard` must be called in the end: until then it holds memory and a descriptor. */
export interface QuarantineWriter {
  readonly key: string;
  /** Bytes taken so far. */
  readonly sizeBytes: number;
  /**
   * Takes the next bytes. They are kept as they are until they are written: the caller must not change them any more.
   * @param ownership `given` where nobody will look at the chunk again: if it fills its whole buffer that is freed as soon as it is written,
   *        which keeps memory flat and costs less than leaving it to the garbage collector. Default `shared`.
   * @returns false where the caller should wait for `drained` before the next chunk.
   * @throws FILE_TOO_LARGE (details.limitBytes, details.field) with the chunk that passes the limit, none of which is kept; what made an
   *         earlier write fail.
   */
  write(chunk: Uint8Array, ownership?: ChunkOwnership): boolean;
  /** Resolves when there is room for more. @throws STORAGE_FULL, STORAGE_WRITE_FAILED where a write failed. */
  drained(): Promise<void>;
  /**
   * Ends the file. When it resolves the bytes are durable in storage, or in `inline`: then storage was never touched.
   * @throws STORAGE_FULL, STORAGE_WRITE_FAILED
   */
  finish(): Promise<QuarantinedFile>;
  /** Removes all that was taken, also after `finish`. Safe at any time and twice; resolves when memory and descriptor are free. */
  discard(): Promise<void>;
}

export interface FileWriterInit {
  readonly key: string;
  readonly file: ReceivedFile;
  readonly sizeBytesMax: number;
  readonly inlineBytesMax: number;
  readonly storage: Storage;
  readonly budget: WriteBudget;
}

export class FileWriter implements QuarantineWriter {
  readonly key: string;
  readonly #init: FileWriterInit;
  readonly #hash = createHash("sha256");
  readonly #chunks = new ChunkGatherer();
  #sizeBytes = 0;
  #storageWriter: StorageWriter | null = null;
  #isEnded = false;
  #finishing: Promise<QuarantinedFile> | null = null;
  #discarded: Promise<void> | null = null;

  constructor(init: FileWriterInit) {
    this.key = init.key;
    this.#init = init;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(chunk: Uint8Array, ownership: ChunkOwnership = "shared"): boolean {
    if (this.#isEnded) throw new Error("the file has ended: nothing can be written to it");
    this.#storageWriter?.throwFailure();
    const { sizeBytesMax, inlineBytesMax } = this.#init;
    if (this.#sizeBytes + chunk.byteLength > sizeBytesMax) throw this.#tooLarge();
    this.#sizeBytes += chunk.byteLength;
    this.#hash.update(chunk);
    this.#chunks.add(chunk, ownership === "given");
    if (this.#sizeBytes > inlineBytesMax) this.#storageWriter ??= this.#openStorage();
    return this.#storageWriter?.chunkAdded() ?? true;
  }

  async drained(): Promise<void> {
    await this.#storageWriter?.drained();
  }

  finish(): Promise<QuarantinedFile> {
    if (this.#discarded !== null) return Promise.reject(new Error("the file was discarded"));
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  discard(): Promise<void> {
    this.#discarded ??= this.#discard();
    return this.#discarded;
  }

  async #finish(): Promise<QuarantinedFile> {
    this.#isEnded = true;
    await this.#storageWriter?.finish();
    const inline = this.#storageWriter === null ? this.#chunks.takeJoined() : null;
    const { file, key } = this.#init;
    return { ...file, key, sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex"), inline };
  }

  async #discard(): Promise<void> {
    this.#isEnded = true;
    await this.#finishing?.catch(() => {});
    this.#chunks.take();
    await this.#storageWriter?.discard();
  }

  #openStorage(): StorageWriter {
    const { storage, key, budget } = this.#init;
    return new StorageWriter(storage, key, this.#chunks, budget);
  }

  #tooLarge(): GateError {
    const { sizeBytesMax, file } = this.#init;
    return new GateError("FILE_TOO_LARGE", {
      expected: `at most ${sizeBytesMax} bytes`,
      seen: "more",
      details: { limitBytes: sizeBytesMax, field: file.field },
    });
  }
}
