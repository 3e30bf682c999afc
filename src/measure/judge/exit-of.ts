/**
 * The exit code of a comparison: 0 as expected or same, 1 worse, 3 inconclusive, 5 refused.
 */
import type { Comparison, ComparisonExit, Verdict } from "../comparison.ts";

const EXITS: Readonly<Record<Verdict, ComparisonExit>> = {
  INVALID: 5,
  "REFUSED CONFOUNDED": 5,
  "REFUSED CACHE UNOBSERVED": 5,
  "REFUSED NO OVERLAP": 5,
  "REFUSED CACHE MIX MOVED": 5,
  "WORSE ERRORS": 1,
  SLOWER: 1,
  FASTER: 0,
  "FASTER BY CACHE": 0,
  "FEWER ERRORS": 0,
  "DETECTABLE BUT TINY": 0,
  SAME: 0,
  INCONCLUSIVE: 3,
  "SUSPECTED SLOWER": 1,
  "SUSPECTED FASTER": 0,
  "SUSPECTED WORSE ERRORS": 1,
};

/**
 * The exit code. Slower by what was announced beforehand is as expected: `--expect +10%` of a change that adds work.
 * @param expected  the announced relative change, or `null`. A hope that was not fulfilled does not make a result worse; it is told in the reasons.
 */
export function exitOf(comparison: Comparison, expected: number | null): ComparisonExit {
  const effect = comparison.likeForLike;
  const isAnnounced =
    comparison.verdict === "SLOWER" &&
    expected !== null &&
    expected > 0 &&
    effect !== null &&
    effect.low <= expected;
  return isAnnounced ? 0 : EXITS[comparison.verdict];
}
