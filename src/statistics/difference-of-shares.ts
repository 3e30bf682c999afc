/**
 * The difference of two shares, such as of failed requests before and after, with an interval that also holds near 0.
 *
 * @see Wilson 1927; Newcombe 1998, Statistics in Medicine 17, 873-890, method 10 (without continuity correction)
 */
import type { Estimate } from "./estimate.ts";
import { normalQuantile } from "./normal-distribution.ts";

/** So many of so many. */
export interface Count {
  readonly of: number;
  readonly count: number;
}

/** The share of `count` and its two-sided interval by Wilson's score; of nothing, anything from 0 to 1. */
export function shareInterval({ count, of }: Count, confidence: number): Estimate {
  if (of === 0) return { estimate: 0, low: 0, high: 1, confidence };
  const z = normalQuantile((1 + confidence) / 2);
  const share = count / of;
  const middle = share + (z * z) / (2 * of);
  const half = z * Math.sqrt((share * (1 - share) + (z * z) / (4 * of)) / of);
  const width = 1 + (z * z) / of;
  return {
    estimate: share,
    low: count === 0 ? 0 : (middle - half) / width,
    high: count === of ? 1 : (middle + half) / width,
    confidence,
  };
}

/** Share after − share before, and its two-sided interval. */
export function differenceOfShares(before: Count, after: Count, confidence: number): Estimate {
  const early = shareInterval(before, confidence);
  const late = shareInterval(after, confidence);
  const estimate = late.estimate - early.estimate;
  return {
    estimate,
    low: estimate - Math.hypot(late.estimate - late.low, early.high - early.estimate),
    high: estimate + Math.hypot(late.high - late.estimate, early.estimate - early.low),
    confidence,
  };
}
