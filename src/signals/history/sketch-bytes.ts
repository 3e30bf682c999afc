/**
 * Sketches as bytes, as they lie in `history_points.times`.
 *
 * Format 1: a byte 1, then one sketch after another. A sketch: the number of its buckets; if it has any, its largest time in microseconds, and for each bucket in
 * ascending order its distance to the one before (the first: to 0) and its count. Every number is a varint: seven bits a byte, least first, the top bit set where more follow.
 */
import type { TimeTally } from "./time-sketch.ts";

const FORMAT = 1;
/** More than one varint of a sketch of our own ever takes. */
const VARINT_BYTES_MAX = 8;

/** Writes sketches in their order; `undefined` is an empty one. */
export function packSketches(sketches: readonly (TimeTally | undefined)[]): Uint8Array {
  const bytes: number[] = [FORMAT];
  for (const sketch of sketches) packSketch(bytes, sketch);
  return Uint8Array.from(bytes);
}

/**
 * Adds what was written to sketches. What is unreadable is read as far as it goes: a damaged row must not hide the others.
 * @param sketchAt gives the sketch of a place; asked only where something is to be added
 */
export function addSketches(bytes: Uint8Array, count: number, sketchAt: (place: number) => TimeTally): void {
  if (bytes[0] !== FORMAT) return;
  const reader = new VarintReader(bytes);
  for (let place = 0; place < count && !reader.isAtEnd; place++) {
    const buckets = reader.next();
    if (buckets > 0 && !reader.isAtEnd) addSketch(reader, buckets, sketchAt(place));
  }
}

function packSketch(bytes: number[], sketch: TimeTally | undefined): void {
  const filled = sketch?.filled() ?? [];
  putVarint(bytes, filled.length);
  if (sketch === undefined || filled.length === 0) return;
  putVarint(bytes, sketch.maxMicroseconds);
  let before = 0;
  for (const [bucket, count] of filled) {
    putVarint(bytes, bucket - before);
    putVarint(bytes, count);
    before = bucket;
  }
}

function addSketch(reader: VarintReader, buckets: number, sketch: TimeTally): void {
  sketch.noteMax(reader.next());
  let bucket = 0;
  for (let at = 0; at < buckets && !reader.isAtEnd; at++) {
    bucket += reader.next();
    sketch.addBucket(bucket, reader.next());
  }
}

/** Divides instead of shifting: counts and microseconds may need more than 32 bits. */
function putVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): number {
    let value = 0;
    let factor = 1;
    for (let read = 0; read < VARINT_BYTES_MAX; read++) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 0x80;
    }
    return value;
  }
}
