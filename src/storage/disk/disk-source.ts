/**
 * Random access to one object on disk, over one descriptor. It stays readable while the object is released or removed.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { GateError } from "../../problems/gate-error.ts";
import type { ByteSource } from "../../uploads/byte-source.ts";
import { toReadError } from "./disk-errors.ts";

/** @throws STORAGE_OBJECT_MISSING, STORAGE_READ_FAILED */
export async function openDiskSource(path: string): Promise<ByteSource> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return await sourceOf(file);
  } catch (error) {
    throw toReadError(error);
  }
}

async function sourceOf(file: FileHandle): Promise<ByteSource> {
  try {
    const stats = await file.stat();
    if (!stats.isFile())
      throw new GateError("STORAGE_READ_FAILED", { cause: new Error("not a regular file") });
    return new DiskSource(file, stats.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

class DiskSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  #buffer = new Uint8Array(0);
  #closed: Promise<void> | null = null;

  constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  async read(offset: number, lengthBytes: number): Promise<Uint8Array> {
    const wantedBytes = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offset));
    if (this.#buffer.byteLength < wantedBytes) this.#buffer = new Uint8Array(wantedBytes);
    const buffer = this.#buffer.subarray(0, wantedBytes);
    try {
      return buffer.subarray(0, await this.#fill(buffer, offset));
    } catch (error) {
      throw toReadError(error);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#file.close();
    return this.#closed;
  }

  async #fill(buffer: Uint8Array, offset: number): Promise<number> {
    let filled = 0;
    while (filled < buffer.byteLength) {
      const { bytesRead } = await this.#file.read(
        buffer,
        filled,
        buffer.byteLength - filled,
        offset + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }
}
