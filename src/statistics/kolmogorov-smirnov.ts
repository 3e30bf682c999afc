/**
 * Kolmogorov and Smirnov's test: do two samples come from one distribution, whatever it is?
 *
 * @see Smirnov 1948; the limit distribution, with the correction for small samples of Stephens 1970
 */

export interface DistributionTest {
  /** The largest distance of the two distributions, from 0 to 1. */
  readonly distance: number;
  readonly pValue: number;
}

/** Two samples of independent values; p is 1 where one of them is empty. */
export function kolmogorovSmirnov(one: readonly number[], other: readonly number[]): DistributionTest {
  if (one.length === 0 || other.length === 0) return { distance: 0, pValue: 1 };
  const distance = largestDistance(Float64Array.from(one).sort(), Float64Array.from(other).sort());
  const size = Math.sqrt((one.length * other.length) / (one.length + other.length));
  return { distance, pValue: kolmogorovTail((size + 0.12 + 0.11 / size) * distance) };
}

function largestDistance(one: Float64Array, other: Float64Array): number {
  let [passedOne, passedOther, largest] = [0, 0, 0];
  while (passedOne < one.length && passedOther < other.length) {
    const value = Math.min(one[passedOne] ?? 0, other[passedOther] ?? 0);
    while (passedOne < one.length && (one[passedOne] ?? 0) <= value) passedOne += 1;
    while (passedOther < other.length && (other[passedOther] ?? 0) <= value) passedOther += 1;
    largest = Math.max(largest, Math.abs(passedOne / one.length - passedOther / other.length));
  }
  return largest;
}

/** Q(λ) = 2 Σ (−1)^(k−1) e^(−2k²λ²) */
function kolmogorovTail(lambda: number): number {
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k += 1) {
    const term = Math.exp(-2 * k * k * lambda * lambda);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-16) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}
