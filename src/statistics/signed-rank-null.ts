/**
 * What the sum of positive ranks is when there is nothing to be found: each rank from 1 to `count` is positive by a fair coin.
 *
 * Always holds: exact up to 50 values (counts of subsets stay below 2^53, so they are whole numbers), by the normal distribution beyond.
 */
import { normalBelow, normalQuantile } from "./normal-distribution.ts";

/** Up to so many values the distribution is exact. */
export const EXACT_RANKS_MAX = 50;

/** Probability that the sum is at most `sum`. */
export function signedRankBelow(sum: number, count: number): number {
  if (sum < 0) return 0;
  if (count > EXACT_RANKS_MAX) return normalBelow((sum + 0.5 - meanSum(count)) / deviationSum(count));
  return cumulativeOf(count)[Math.min(Math.floor(sum), (count * (count + 1)) / 2)] ?? 1;
}

/**
 * How many of the smallest and of the largest averages lie outside of an interval: the largest number k with P(sum ≤ k − 1) ≤ `tail`. 0 where no interval
 * of that confidence exists for so few values.
 */
export function signedRankCut(tail: number, count: number): number {
  if (count > EXACT_RANKS_MAX)
    return Math.max(0, Math.floor(meanSum(count) + 0.5 + normalQuantile(tail) * deviationSum(count)));
  const cumulative = cumulativeOf(count);
  let cut = 0;
  while ((cumulative[cut] ?? 1) <= tail) cut += 1;
  return cut;
}

function meanSum(count: number): number {
  return (count * (count + 1)) / 4;
}

function deviationSum(count: number): number {
  return Math.sqrt((count * (count + 1) * (2 * count + 1)) / 24);
}

const KNOWN = new Map<number, Float64Array>();

/** Cumulative probabilities of each sum, by adding one rank after the other (convolution with 0 or the rank). */
function cumulativeOf(count: number): Float64Array {
  const known = KNOWN.get(count);
  if (known !== undefined) return known;
  const size = (count * (count + 1)) / 2 + 1;
  const ways = new Float64Array(size);
  ways[0] = 1;
  for (let rank = 1; rank <= count; rank += 1)
    for (let sum = size - 1; sum >= rank; sum -= 1) ways[sum] = (ways[sum] ?? 0) + (ways[sum - rank] ?? 0);
  const cumulative = accumulated(ways, 2 ** count);
  KNOWN.set(count, cumulative);
  return cumulative;
}

function accumulated(ways: Float64Array, total: number): Float64Array {
  let sum = 0;
  return ways.map((each) => {
    sum += each;
    return sum / total;
  });
}
