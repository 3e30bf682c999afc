/**
 * Where bytes are until they are released. In: chunks of one file, as they arrive. Out: a `QuarantinedFile`, counted and hashed, whose
 * bytes are durable in storage, or in memory where they are few enough to ride in the records database.
 *
 * Always holds: the limit is enforced with each chunk, and what all writers together hold in memory is bounded however many there are.
 * It does not decide what is accepted, and never moves a file out.
 */

import { newStorageKey, type Storage } from "../storage/storage.ts";
import { type ByteSource, memorySource } from "../uploads/byte-source.ts";
import type { QuarantinedFile, ReceivedFile } from "../uploads/stages.ts";
import { FileWriter, type QuarantineWriter } from "./quarantine-writer.ts";
import { DEFAULT_OPTIONS, type QuarantineOptions, WriteBudget } from "./write-budget.ts";

export type { QuarantineWriter } from "./quarantine-writer.ts";
export type { QuarantineOptions } from "./write-budget.ts";

export class Quarantine {
  readonly #storage: Storage;
  readonly #options: QuarantineOptions;
  readonly #budget: WriteBudget;

  constructor(storage: Storage, options: Partial<QuarantineOptions> = {}) {
    this.#storage = storage;
    this.#options = { ...DEFAULT_OPTIONS, ...options };
    this.#budget = new WriteBudget(this.#options);
  }

  /** Begins a file. Storage is not touched before it has more than `inlineBytesMax` bytes. */
  open(file: ReceivedFile, limits: { readonly sizeBytesMax: number }): QuarantineWriter {
    return new FileWriter({
      key: newStorageKey(),
      file,
      sizeBytesMax: limits.sizeBytesMax,
      inlineBytesMax: this.#options.inlineBytesMax,
      storage: this.#storage,
      budget: this.#budget,
    });
  }

  /**
   * The bytes of a file, to read only.
   * @throws STORAGE_OBJECT_MISSING, STORAGE_READ_FAILED
   */
  async read(file: QuarantinedFile): Promise<ByteSource> {
    return file.inline === null ? this.#storage.open("quarantine", file.key) : memorySource(file.inline);
  }

  /** Removes a finished file. Safe to call twice, and for a file that has been released: that one is not here any more. */
  async discard(file: QuarantinedFile): Promise<void> {
    if (file.inline === null) await this.#storage.remove("quarantine", file.key);
  }
}
