/**
 * A spread of sizes or times in little room: extremes exact, quantiles from buckets that are an eighth wide.
 */
import type { SeenSpread } from "./seen-route.ts";

const BUCKETS_A_DOUBLING = 6;

/** Grows by `add`; made again from what was saved, its quantiles begin at the saved one. */
export class Spread {
  #count = 0;
  #min = 0;
  #max = 0;
  readonly #buckets = new Map<number, number>();

  constructor(saved: SeenSpread | null = null) {
    if (saved === null || saved.count === 0) return;
    this.#count = saved.count;
    this.#min = saved.min;
    this.#max = saved.max;
    const above = Math.floor(saved.count / 20);
    this.#put(saved.p95, saved.count - above);
    if (above > 0) this.#put(saved.max, above);
  }

  add(value: number): void {
    this.#min = this.#count === 0 ? value : Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    this.#count += 1;
    this.#put(value, 1);
  }

  toJSON(): SeenSpread {
    return { count: this.#count, min: this.#min, max: this.#max, p95: this.#quantile(0.95) };
  }

  #put(value: number, times: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(value, 1)) * BUCKETS_A_DOUBLING);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + times);
  }

  /** The upper end of the bucket that it lies in, never above the largest value. */
  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const bucket of [...this.#buckets.keys()].sort((one, other) => one - other)) {
      left -= this.#buckets.get(bucket) ?? 0;
      if (left <= 0) return Math.min(this.#max, Math.ceil(2 ** (bucket / BUCKETS_A_DOUBLING)));
    }
    return this.#max;
  }
}
