/**
 * From a comparison's verdict to the word that a change record closes with.
 *
 * Always holds: nothing is a success but what a comparison has shown to be better.
 */
import type { ChangeOutcome } from "../../flows/documents/change-schema.ts";
import type { Comparison, Verdict } from "../comparison.ts";

const OUTCOMES: Readonly<Record<Verdict, ChangeOutcome>> = {
  INVALID: "invalid",
  "REFUSED CONFOUNDED": "refused",
  "REFUSED CACHE UNOBSERVED": "refused",
  "REFUSED NO OVERLAP": "refused",
  "REFUSED CACHE MIX MOVED": "refused",
  "WORSE ERRORS": "worse",
  SLOWER: "worse",
  FASTER: "success",
  "FASTER BY CACHE": "success",
  "FEWER ERRORS": "success",
  "DETECTABLE BUT TINY": "same",
  SAME: "same",
  INCONCLUSIVE: "inconclusive",
  "SUSPECTED SLOWER": "suspected",
  "SUSPECTED FASTER": "suspected",
  "SUSPECTED WORSE ERRORS": "suspected",
};

/** Every verdict that there is. */
export const CHANGE_VERDICTS = Object.keys(OUTCOMES) as [Verdict, ...Verdict[]];

export function outcomeOf(verdict: Verdict): ChangeOutcome {
  return OUTCOMES[verdict];
}

/** A relative change as it is written, `-30 %` or `+5%`, as a share; `same` is 0; `null` for words. */
export function readExpected(written: string | undefined): number | null {
  if (written === undefined) return null;
  if (written.trim().toLowerCase() === "same") return 0;
  const [, sign, digits] = /^([+\u2212-])\s*(\d+(?:\.\d+)?)\s*%$/.exec(written.trim()) ?? [];
  if (digits === undefined) return null;
  return ((sign === "+" ? 1 : -1) * Number(digits)) / 100;
}

/** Whether it came as was hoped for, in a sentence; `null` where nothing was expected in numbers, or nothing was estimated. */
export function expectationSentence(
  expected: string | undefined,
  effect: Pick<NonNullable<Comparison["likeForLike"]>, "low" | "high"> | null,
): string | null {
  const share = readExpected(expected);
  if (share === null || effect === null) return null;
  const { low, high } = effect;
  if (share >= low && share <= high) return `The expected ${expected} lies within the interval.`;
  const isLess = share < 0 ? low > share : high < share;
  if (share === 0) return "No difference was expected, and the interval does not hold zero.";
  return isLess
    ? `It is less than the expected ${expected}: the interval does not reach it.`
    : `It is more than the expected ${expected}.`;
}
