/**
 * Writes a file's chunks to one storage object: gathered, one write in flight, and a pause for who brings them faster than they are
 * written.
 *
 * Always holds: after a failed write nothing more is written, and every call rejects with that failure. Chunks are let go as soon as
 * their write is done.
 */
import type { ObjectSink, Storage } from "../storage/storage.ts";
import type { ChunkGatherer } from "./chunk-gatherer.ts";
import type { WriteBudget } from "./write-budget.ts";

export class StorageWriter {
  readonly #sink: Promise<ObjectSink>;
  readonly #chunks: ChunkGatherer;
  readonly #budget: WriteBudget;
  readonly #leaveBudget: () => void;
  #inFlightBytes = 0;
  /** The write in flight; it never rejects: a failure is kept in `#failure`. */
  #writing: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isDiscarded = false;

  /** @param chunks what has arrived so far; the owner goes on adding to it, and calls `chunkAdded` each time. */
  constructor(storage: Storage, key: string, chunks: ChunkGatherer, budget: WriteBudget) {
    this.#chunks = chunks;
    this.#budget = budget;
    this.#leaveBudget = budget.join();
    this.#sink = storage.create(key);
    this.#sink.catch((error: unknown) => this.#fail(error));
  }

  /** Begins a write where enough is waiting. @returns whether the next chunk may come at once. */
  chunkAdded(): boolean {
    if (this.#chunks.totalBytes >= this.#budget.gatherBytes) this.#startWrite();
    return this.#heldBytes < this.#budget.pauseBytes;
  }

  /** Resolves when there is room for more. @throws what made a write fail. */
  async drained(): Promise<void> {
    while (this.#failure === null && this.#heldBytes >= this.#budget.pauseBytes) {
      this.#startWrite();
      await this.#writing;
    }
    this.throwFailure();
  }

  /** Writes what is left and makes the object durable. @throws what made a write or the sync fail. */
  async finish(): Promise<void> {
    while (this.#failure === null && this.#heldBytes > 0) {
      this.#startWrite();
      await this.#writing;
    }
    this.throwFailure();
    await (await this.#sink).seal();
    this.#leaveBudget();
  }

  /** Removes the object. Waits for a write in flight. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    this.#chunks.take();
    this.#leaveBudget();
    await this.#writing;
    const sink = await this.#sink.catch(() => null);
    await sink?.abort();
  }

  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  get #heldBytes(): number {
    return this.#chunks.totalBytes + this.#inFlightBytes;
  }

  #startWrite(): void {
    if (this.#writing !== null || this.#failure !== null || this.#isDiscarded) return;
    this.#inFlightBytes = this.#chunks.totalBytes;
    const given = this.#chunks.takeGiven();
    this.#writing = this.#write(this.#chunks.take(), given).then(() => this.#writeEnded());
  }

  async #write(chunks: readonly Uint8Array[], given: readonly ArrayBuffer[]): Promise<void> {
    try {
      const sink = await this.#sink;
      await sink.write(chunks);
      for (const buffer of given) free(buffer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #writeEnded(): void {
    this.#writing = null;
    this.#inFlightBytes = 0;
    if (this.#chunks.totalBytes >= this.#budget.gatherBytes) this.#startWrite();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#chunks.take();
  }
}

/**
 * Gives memory back at once. Left to the garbage collector, the receive buffers of a fast upload pile up to some 90 MB before it looks at
 * them: measured with 1 GiB, freeing took the peak from 154 MB to 84 MB and a tenth off the CPU time.
 */
function free(buffer: ArrayBuffer): void {
  if (!buffer.detached) buffer.transfer(0);
}
