/**
 * Wilcoxon's signed-rank test: are paired differences centred at 0?
 *
 * Always holds: without ties and zeros the exact null up to 50 values, the normal distribution (with continuity correction) beyond; with them, sign flips
 * of the mean ranks.
 * @see Wilcoxon 1945; Pratt 1959 for zeros (they keep their ranks, and are then left out)
 */
import type { Random } from "./random.ts";
import { signFlipP } from "./sign-flip.ts";
import { signedRankBelow } from "./signed-rank-null.ts";

/** Two-sided p-value; 1 where there is nothing. */
export function signedRankP(differences: readonly number[], random: Random): number {
  const { ranks, isTied } = signedRanksOf(differences);
  if (isTied) return signFlipP(ranks, random);
  const positive = ranks.reduce((sum, rank) => sum + Math.max(0, rank), 0);
  const smaller = Math.min(positive, (ranks.length * (ranks.length + 1)) / 2 - positive);
  return ranks.length === 0 ? 1 : Math.min(1, 2 * signedRankBelow(smaller, ranks.length));
}

/** Ranks of the absolute values with the sign of the value; ties share their mean rank, a zero has the sign 0. */
function signedRanksOf(values: readonly number[]): {
  readonly ranks: readonly number[];
  readonly isTied: boolean;
} {
  const sorted = [...values].sort((one, other) => Math.abs(one) - Math.abs(other));
  const ranks: number[] = [];
  let isTied = sorted[0] === 0;
  for (let from = 0; from < sorted.length; ) {
    const size = Math.abs(sorted[from] ?? 0);
    let to = from;
    while (to < sorted.length && Math.abs(sorted[to] ?? 0) === size) to += 1;
    if (to - from > 1) isTied = true;
    for (const value of sorted.slice(from, to)) ranks.push(Math.sign(value) * ((from + 1 + to) / 2));
    from = to;
  }
  return { ranks, isTied };
}
