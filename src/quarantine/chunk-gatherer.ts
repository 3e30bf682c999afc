/**
 * Holds the chunks of a file until they are written or kept.
 *
 * In: views of received chunks, any size. Out: few buffers in the same order. Large views are held as they are, without a copy; small
 * ones, and views that keep a much larger buffer alive, are copied together, so that a client that sends a byte at a time makes the
 * gate hold about as many bytes as it sent, not an object and a receive buffer for each.
 */

/** Below this a view costs more to hold than to copy. */
const SMALL_BYTES = 4096;

/** Copies go into buffers of this size. */
const TAIL_BYTES = 16 * 1024;

export class ChunkGatherer {
  #chunks: Uint8Array[] = [];
  #given: ArrayBuffer[] = [];
  #totalBytes = 0;
  #tail = new Uint8Array(0);
  /** The part of the tail that the last of the chunks shows, or -1 where the last one is no part of it. */
  #tailStart = -1;
  #tailEnd = 0;

  /** Bytes held. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /**
   * Takes a chunk whose bytes do not change any more.
   * @param isGiven whether the chunk may be freed once it is written; only one that fills its whole buffer is.
   */
  add(chunk: Uint8Array, isGiven = false): void {
    this.#totalBytes += chunk.byteLength;
    if (chunk.byteLength < SMALL_BYTES) this.#copyIn(chunk);
    else this.#hold(chunk, isGiven);
  }

  /** Gives away the buffers, of those that `take` will give, that may be freed once the chunks are written. */
  takeGiven(): ArrayBuffer[] {
    const given = this.#given;
    this.#given = [];
    return given;
  }

  /** Gives all chunks away, and holds nothing. */
  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#given = [];
    this.#totalBytes = 0;
    this.#tailStart = -1;
    return chunks;
  }

  /** Gives all bytes away as one array that owns its whole buffer. */
  takeJoined(): Uint8Array {
    const totalBytes = this.#totalBytes;
    const chunks = this.take();
    const [first] = chunks;
    if (first !== undefined && chunks.length === 1 && first.buffer.byteLength === totalBytes) return first;
    const joined = new Uint8Array(totalBytes);
    let offset = 0;
    for (const chunk of chunks) {
      joined.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return joined;
  }

  #hold(chunk: Uint8Array, isGiven: boolean): void {
    this.#tailStart = -1;
    const { buffer } = chunk;
    const isMostOfItsBuffer = chunk.byteLength * 2 >= buffer.byteLength;
    this.#chunks.push(isMostOfItsBuffer ? chunk : new Uint8Array(chunk));
    if (isGiven && isWholeBuffer(chunk) && buffer instanceof ArrayBuffer) this.#given.push(buffer);
  }

  #copyIn(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.byteLength > 0) {
      if (this.#tailEnd === this.#tail.byteLength) this.#newTail();
      const fitting = rest.subarray(0, this.#tail.byteLength - this.#tailEnd);
      this.#tail.set(fitting, this.#tailEnd);
      this.#showInTail(fitting.byteLength);
      rest = rest.subarray(fitting.byteLength);
    }
  }

  #newTail(): void {
    this.#tail = new Uint8Array(TAIL_BYTES);
    this.#tailStart = -1;
    this.#tailEnd = 0;
  }

  /** Makes the last chunk longer, or begins a new one at the tail's end. */
  #showInTail(count: number): void {
    if (this.#tailStart === -1) this.#tailStart = this.#tailEnd;
    else this.#chunks.pop();
    this.#tailEnd += count;
    this.#chunks.push(this.#tail.subarray(this.#tailStart, this.#tailEnd));
  }
}

/**
 * Only a chunk that fills its buffer can be nobody else's: the HTTP parser may have cut several chunks of a body, or the next request, from
 * one read, and they may still wait in a paused stream. Node's own pool is ruled out by the same.
 */
function isWholeBuffer(chunk: Uint8Array): boolean {
  return chunk.byteLength === chunk.buffer.byteLength;
}
