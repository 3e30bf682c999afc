/**
 * Mann and Whitney's test (Wilcoxon's rank sum): does one sample tend to lie above another?
 *
 * Always holds: by the normal distribution, with corrections for ties and continuity; good from some eight values on either side.
 * @see Mann and Whitney 1947; Lehmann, Nonparametrics, 1.3 and 1.4
 */
import { normalTails } from "./normal-distribution.ts";

/** Two-sided p-value; 1 where a sample is empty, or all values are the same. */
export function rankSumP(one: readonly number[], other: readonly number[]): number {
  const all = [
    ...one.map((value) => ({ value, isOne: true })),
    ...other.map((value) => ({ value, isOne: false })),
  ];
  all.sort((left, right) => left.value - right.value);
  let [rankSum, ties] = [0, 0];
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const size = to - from;
    ties += size ** 3 - size;
    for (const { isOne } of all.slice(from, to)) rankSum += isOne ? (from + 1 + to) / 2 : 0;
    from = to;
  }
  const [n, m, total] = [one.length, other.length, all.length];
  const away = Math.abs(rankSum - (n * (n + 1)) / 2 - (n * m) / 2) - 0.5;
  const variance = ((n * m) / 12) * (total + 1 - ties / Math.max(1, total * (total - 1)));
  return variance <= 0 ? 1 : normalTails(Math.max(0, away) / Math.sqrt(variance));
}
