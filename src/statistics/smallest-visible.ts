/**
 * What a number of pairs can show, and how many pairs it takes: both for a power of 80 % at a two-sided error of 5 %.
 *
 * In: the standard deviation of ln(after/before) between pairs in which nothing was changed. Effects are shares: 0.1 is a tenth less.
 */
import { studentQuantile } from "./student-t.ts";

const ERROR_Z = 1.96;
const POWER_Z = 0.84;
const PAIRS_MIN = 8;

/** The smallest decrease that `pairs` pairs show in four of five runs; 1 (nothing at all) with fewer than two pairs. */
export function smallestVisible(deviation: number, pairs: number): number {
  if (pairs < 2) return 1;
  const quantiles = studentQuantile(0.975, pairs - 1) + studentQuantile(0.8, pairs - 1);
  return -Math.expm1((-quantiles * deviation) / Math.sqrt(pairs));
}

/**
 * How many pairs show an effect of this size: ⌈((1.96 + 0.84)·s / |ln(1 − |E|)|)²⌉ + 2, at least 8 (the two more stand for t instead of the normal).
 * @param effect  a share other than 0; its sign does not matter. Infinite for 0.
 */
export function pairsNeeded(deviation: number, effect: number): number {
  const size = Math.abs(Math.log1p(-Math.min(0.99, Math.abs(effect))));
  if (size === 0) return Number.POSITIVE_INFINITY;
  return Math.max(PAIRS_MIN, Math.ceil((((ERROR_Z + POWER_Z) * deviation) / size) ** 2) + 2);
}
