/**
 * By how much one sample lies above another, where there are no pairs: the median of all differences, with the interval that belongs to Mann and Whitney's
 * test (Hodges and Lehmann, two samples).
 *
 * In: two samples of independent units (minutes, not requests). It takes memory for the product of their sizes.
 * @see Hodges and Lehmann 1963; Moses 1965; Hollander, Wolfe, Chicken, 4.2 and 4.3
 */
import type { Estimate } from "./estimate.ts";
import { quantileOfSorted } from "./quantile.ts";
import { rankSumCut } from "./rank-sum-null.ts";

/** The shift from `before` to `after` and its two-sided interval; `null` where one of them is empty. */
export function shiftOfSamples(
  before: readonly number[],
  after: readonly number[],
  confidence: number,
): Estimate | null {
  const differences = Float64Array.from(after.flatMap((late) => before.map((early) => late - early))).sort();
  const estimate = quantileOfSorted(differences, 0.5);
  if (estimate === null) return null;
  const cut = rankSumCut((1 - confidence) / 2, before.length, after.length);
  return {
    estimate,
    low: cut === 0 ? Number.NEGATIVE_INFINITY : (differences[cut - 1] ?? Number.NEGATIVE_INFINITY),
    high:
      cut === 0
        ? Number.POSITIVE_INFINITY
        : (differences[differences.length - cut] ?? Number.POSITIVE_INFINITY),
    confidence,
  };
}
