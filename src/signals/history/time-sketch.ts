/**
 * Times as counts in buckets that grow by 4 %: small, mergeable, and a quantile read from one is off by at most 2 %.
 *
 * Bucket `b` holds (1.04^(b-1), 1.04^b] microseconds; bucket 0 all that is at most a microsecond, the last one all that is longer than about a day. Read as the
 * middle of the bucket: 2·1.04^b / 2.04 is at most 1.04 / 2.04 · 2 − 1 = 1.96 % from everything in it. The largest time is kept exactly, in whole microseconds.
 */
import type { Quantiles, TimeSketch } from "./history.ts";

const GROWTH = 1.04;
const LOG_GROWTH = Math.log(GROWTH);
/** 1.04^643 microseconds are a little more than a day. */
const BUCKET_MAX = 643;

/** The bucket of a time. @param ms not negative; what is no such number counts as nothing */
export function bucketOf(ms: number): number {
  const microseconds = ms * 1000;
  if (!(microseconds > 1)) return 0;
  return Math.min(BUCKET_MAX, Math.ceil(Math.log(microseconds) / LOG_GROWTH - 1e-9));
}

/** The time that a bucket is read as. Milliseconds. */
export function timeOf(bucket: number): number {
  return bucket <= 0 ? 0.001 : (2 * GROWTH ** bucket) / (GROWTH + 1) / 1000;
}

/** A sketch that grows. Its counts lie in one array, since many sketches are added up for one answer. */
export class TimeTally implements TimeSketch {
  /** Made with the first time: most sketches of a quiet minute stay empty. */
  #buckets: Uint32Array | null = null;
  #count = 0;
  #maxMicroseconds = 0;

  get count(): number {
    return this.#count;
  }

  get maxMicroseconds(): number {
    return this.#maxMicroseconds;
  }

  get counts(): ReadonlyMap<number, number> {
    return new Map(this.filled());
  }

  /** Buckets with anything in them and their counts, in ascending order. */
  filled(): (readonly [bucket: number, count: number])[] {
    const filled: (readonly [number, number])[] = [];
    const buckets = this.#buckets;
    if (buckets === null) return filled;
    for (let bucket = 0; bucket <= BUCKET_MAX; bucket++) {
      const count = buckets[bucket] ?? 0;
      if (count > 0) filled.push([bucket, count]);
    }
    return filled;
  }

  add(ms: number): void {
    this.addBucket(bucketOf(ms), 1);
    this.noteMax(Math.round(ms * 1000));
  }

  /** A bucket that does not exist counts as the nearest that does. */
  addBucket(bucket: number, count: number): void {
    this.#buckets ??= new Uint32Array(BUCKET_MAX + 1);
    const at = Math.max(0, Math.min(BUCKET_MAX, bucket));
    this.#buckets[at] = (this.#buckets[at] ?? 0) + count;
    this.#count += count;
  }

  noteMax(microseconds: number): void {
    if (microseconds > this.#maxMicroseconds) this.#maxMicroseconds = microseconds;
  }

  merge(other: TimeTally): void {
    if (other.#buckets === null) return;
    this.#buckets ??= new Uint32Array(BUCKET_MAX + 1);
    for (let bucket = 0; bucket <= BUCKET_MAX; bucket++)
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (other.#buckets[bucket] ?? 0);
    this.#count += other.#count;
    this.noteMax(other.maxMicroseconds);
  }

  /** By nearest rank; `null` where nothing is in it. */
  quantiles(): Quantiles | null {
    if (this.#count === 0) return null;
    const max = this.#maxMicroseconds / 1000;
    const at = (share: number): number =>
      Math.min(max, timeOf(this.#bucketOfRank(Math.ceil(share * this.#count))));
    return { count: this.#count, p50: at(0.5), p95: at(0.95), p99: at(0.99), max };
  }

  /** @param rank from 1 */
  #bucketOfRank(rank: number): number {
    let passed = 0;
    for (let bucket = 0; bucket < BUCKET_MAX; bucket++) {
      passed += this.#buckets?.[bucket] ?? 0;
      if (passed >= rank) return bucket;
    }
    return BUCKET_MAX;
  }
}
