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

/** A sketch that grows. */
export class TimeTally implements TimeSketch {
  readonly counts = new Map<number, number>();
  #count = 0;
  #maxMicroseconds = 0;

  get count(): number {
    return this.#count;
  }

  get maxMicroseconds(): number {
    return this.#maxMicroseconds;
  }

  add(ms: number): void {
    this.addBucket(bucketOf(ms), 1);
    this.noteMax(Math.round(ms * 1000));
  }

  addBucket(bucket: number, count: number): void {
    this.counts.set(bucket, (this.counts.get(bucket) ?? 0) + count);
    this.#count += count;
  }

  noteMax(microseconds: number): void {
    if (microseconds > this.#maxMicroseconds) this.#maxMicroseconds = microseconds;
  }

  merge(other: TimeTally): void {
    for (const [bucket, count] of other.counts) this.addBucket(bucket, count);
    this.noteMax(other.maxMicroseconds);
  }

  /** `null` where nothing is in it. */
  quantiles(): Quantiles | null {
    if (this.#count === 0) return null;
    const [p50 = 0, p95 = 0, p99 = 0] = quantilesOf(this, [0.5, 0.95, 0.99]);
    const max = this.#maxMicroseconds / 1000;
    return {
      count: this.#count,
      p50: Math.min(p50, max),
      p95: Math.min(p95, max),
      p99: Math.min(p99, max),
      max,
    };
  }
}

/**
 * Quantiles by nearest rank, milliseconds; counts may be weighted and need not be whole.
 * @param shares from 0 to 1, ascending. @returns one for each, none where the sketch is empty
 */
export function quantilesOf({ counts }: TimeSketch, shares: readonly number[]): readonly number[] {
  const buckets = [...counts].filter(([, count]) => count > 0).sort(([one], [other]) => one - other);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  const found: number[] = [];
  let passed = 0;
  for (const [bucket, count] of buckets) {
    passed += count;
    // The last rank must be reached whatever the sums of weights were rounded to.
    while (found.length < shares.length && (shares[found.length] ?? 0) * total <= passed * (1 + 1e-12))
      found.push(timeOf(bucket));
  }
  return found;
}
