/**
 * A difference of two means, split in what comes from another mix of classes and what comes from within them.
 *
 * Always holds: the two parts sum to the difference of the means.
 * @see Kitagawa 1955, Journal of the American Statistical Association 50, 1168-1194
 */

/** One class in both samples. Shares of each sample sum to 1. */
export interface ClassMeans {
  readonly shareBefore: number;
  readonly shareAfter: number;
  readonly meanBefore: number;
  readonly meanAfter: number;
}

export interface MixSplit {
  /** Σ (wB − wA)(μA + μB) / 2 */
  readonly mix: number;
  /** Σ (wA + wB)(μB − μA) / 2 */
  readonly within: number;
}

export function mixAndWithin(classes: readonly ClassMeans[]): MixSplit {
  let [mix, within] = [0, 0];
  for (const each of classes) {
    mix += ((each.shareAfter - each.shareBefore) * (each.meanBefore + each.meanAfter)) / 2;
    within += ((each.shareBefore + each.shareAfter) * (each.meanAfter - each.meanBefore)) / 2;
  }
  return { mix, within };
}
