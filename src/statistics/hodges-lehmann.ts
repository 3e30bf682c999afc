/**
 * The centre of paired differences that no outlier moves far: the median of all averages of two (Walsh averages), with the interval that belongs to
 * Wilcoxon's test.
 *
 * Always holds: the interval holds 0 exactly where the test does not reject (without ties).
 * @see Hodges and Lehmann 1963; Tukey 1949; Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3.2 and 3.3
 */
import type { Estimate } from "./estimate.ts";
import { quantileOfSorted } from "./quantile.ts";
import { signedRankCut } from "./signed-rank-null.ts";

/** The centre of `differences` and its two-sided interval; `null` of nothing. */
export function hodgesLehmann(differences: readonly number[], confidence: number): Estimate | null {
  const averages = walshAverages(differences);
  const estimate = quantileOfSorted(averages, 0.5);
  if (estimate === null) return null;
  const cut = signedRankCut((1 - confidence) / 2, differences.length);
  return {
    estimate,
    low: cut === 0 ? Number.NEGATIVE_INFINITY : (averages[cut - 1] ?? Number.NEGATIVE_INFINITY),
    high:
      cut === 0 ? Number.POSITIVE_INFINITY : (averages[averages.length - cut] ?? Number.POSITIVE_INFINITY),
    confidence,
  };
}

/** (dᵢ + dⱼ) / 2 for all i ≤ j, ascending. */
function walshAverages(values: readonly number[]): Float64Array {
  const averages = new Float64Array((values.length * (values.length + 1)) / 2);
  let place = 0;
  for (const [index, one] of values.entries())
    for (const other of values.slice(index)) {
      averages[place] = (one + other) / 2;
      place += 1;
    }
  return averages.sort();
}
