/**
 * What Mann and Whitney's U is when two samples come from the same source.
 *
 * Always holds: exact while both samples hold at most 25 values, by the normal distribution beyond.
 */
import { normalQuantile } from "./normal-distribution.ts";

const EXACT_UP_TO = 25;

/** How many of the smallest and of the largest differences lie outside of an interval: the largest k with P(U ≤ k − 1) ≤ `tail`. */
export function rankSumCut(tail: number, one: number, other: number): number {
  if (Math.max(one, other) > EXACT_UP_TO) {
    const deviation = Math.sqrt((one * other * (one + other + 1)) / 12);
    return Math.max(0, Math.floor((one * other) / 2 + 0.5 + normalQuantile(tail) * deviation));
  }
  let [cut, below] = [0, 0];
  for (const probability of probabilitiesOf(one, other)) {
    below += probability;
    if (below > tail) break;
    cut += 1;
  }
  return cut;
}

/**
 * P(U = u): ways to choose partitions of u into at most `one` parts of at most `other`, the coefficients of the Gaussian binomial, by multiplying with
 * (1 − q^(other+i)) and dividing by (1 − q^i). @see Mann and Whitney 1947; Andrews, The Theory of Partitions, 3.2
 */
function probabilitiesOf(one: number, other: number): Float64Array {
  const size = one * other + 1;
  const ways = new Float64Array(size);
  ways[0] = 1;
  for (let part = 1; part <= one; part += 1) {
    for (let sum = size - 1; sum >= other + part; sum -= 1)
      ways[sum] = (ways[sum] ?? 0) - (ways[sum - other - part] ?? 0);
    for (let sum = part; sum < size; sum += 1) ways[sum] = (ways[sum] ?? 0) + (ways[sum - part] ?? 0);
  }
  const total = ways.reduce((sum, each) => sum + each, 0);
  return ways.map((each) => each / total);
}
