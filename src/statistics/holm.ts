/**
 * Several tests at once: p-values raised so that one false call among all of them stays as rare as in one test.
 *
 * @see Holm 1979, Scandinavian Journal of Statistics 6, 65-70
 */

/** Adjusted p-values in the order of `pValues`; each is at least as large as it was, and at most 1. */
export function holmAdjusted(pValues: readonly number[]): readonly number[] {
  const adjusted = pValues.map(() => 1);
  let largest = 0;
  for (const [rank, { pValue, place }] of ascending(pValues).entries()) {
    largest = Math.max(largest, Math.min(1, pValue * (pValues.length - rank)));
    adjusted[place] = largest;
  }
  return adjusted;
}

function ascending(
  pValues: readonly number[],
): readonly { readonly pValue: number; readonly place: number }[] {
  return pValues.map((pValue, place) => ({ pValue, place })).sort((one, other) => one.pValue - other.pValue);
}
