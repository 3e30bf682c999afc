/**
 * Finds `CRLF "--" boundary` in bytes that come in chunks.
 *
 * A boundary has no CR, so the delimiter has its only CR at its first byte. Two things follow:
 * - at most one beginning of a delimiter can lie at the end of a chunk: the one at the last CR among its last bytes;
 * - bytes that turn out not to be a delimiter hold no beginning of another one but at their end.
 * So a beginning that is cut by the end of a chunk is remembered as a count, not as bytes: they are equal to the delimiter's own. Nothing is
 * copied, nothing is looked at more than twice, and what the content looks like (all CRLF, all near-boundaries) makes no difference.
 *
 * ```
 *   chunk n                     chunk n+1
 *   … x y z CR LF - - b o u │ n d a r y CR LF …
 *           └── pending = 7 ─┘ └─ extend() → 14 = complete
 * ```
 */
export class Delimiter {
  readonly bytes: Buffer;

  /** @param boundary as in the Content-Type, without hyphens. */
  constructor(boundary: string) {
    this.bytes = Buffer.from(`\r\n--${boundary}`, "latin1");
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Index of the first whole delimiter in `chunk` at or after `from`, or -1. Native search. */
  find(chunk: Buffer, from: number): number {
    return chunk.indexOf(this.bytes, from);
  }

  /** How many bytes at the end of `chunk`, none before `from`, are the beginning of a delimiter; 0 if none. */
  pendingAtEnd(chunk: Buffer, from: number): number {
    const first = Math.max(from, chunk.length - this.length + 1);
    for (let at = chunk.length - 1; at >= first; at--) {
      if (chunk[at] !== 0x0d) continue;
      const count = chunk.length - at;
      return this.extend(0, chunk, at) === count ? count : 0;
    }
    return 0;
  }

  /** Given that `pending` bytes of a delimiter were seen, how many are there with those of `chunk` from `from` on. */
  extend(pending: number, chunk: Buffer, from: number): number {
    let count = pending;
    for (let at = from; at < chunk.length && count < this.length; at++, count++) {
      if (chunk[at] !== this.bytes[count]) break;
    }
    return count;
  }
}
