/**
 * An answer's body held back until it is whole, up to a bound.
 *
 * In: the answer's head, then its chunks. Out: the whole body, or the word that it will not be gathered. Always: no more is held than the
 * bound and the one chunk that goes beyond it. Not here: what becomes of the bytes; the exchange passes them on in either case.
 */
import { headerValue } from "./answer-head.ts";
import type { RawHeaders } from "./upstream.ts";

export class AnswerGatherer {
  readonly #bytesMax: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether the bound is passed: no more is to be added. */
  get isFull(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** All that was added, as one piece; the gatherer is done with. */
  take(): Buffer {
    const [first] = this.#chunks;
    return this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
  }
}

/**
 * Whether it is worth while to wait for an answer's body: not where its head says that it is longer than the bound, and not for an event
 * stream, which may never end.
 */
export function canGather(headers: RawHeaders, bytesMax: number): boolean {
  const length = Number(headerValue(headers, "content-length") ?? 0);
  return !(length > bytesMax) && !isEventStream(headers);
}

/** @see HTML section 9.2, server-sent events */
export function isEventStream(headers: RawHeaders): boolean {
  return /^text\/event-stream\b/i.test(headerValue(headers, "content-type") ?? "");
}
