/**
 * Judges a comparison from what was kept of it: the same for the first time and for each later one.
 */
import type { Comparison } from "../comparison.ts";
import { judgeComparison } from "../judge/judge-comparison.ts";
import type { KeptComparison } from "./kept-comparison.ts";

/** These hold however little was sent. */
const HOLDS_EARLY = /^(INVALID|REFUSED )/;

/** A comparison that ended before its time is inconclusive at best: whoever stops when they like what they see would see it too often. */
export function judgeKept({ input, cutShort }: KeptComparison): Comparison {
  const comparison = judgeComparison(input);
  if (cutShort === null) return comparison;
  const why = `${cutShort.replace(/\.$/, "")} after ${input.cold.length} of ${input.pairsPlanned} pairs.`;
  if (HOLDS_EARLY.test(comparison.verdict) && input.cold.length > 0)
    return { ...comparison, reasons: [why, ...comparison.reasons] };
  return {
    ...comparison,
    verdict: "INCONCLUSIVE",
    sentence: `INCONCLUSIVE: ${lowered(why)} What there is would read: ${comparison.sentence}`,
    reasons: [why, ...comparison.reasons],
    pairsMore: Math.max(1, input.pairsPlanned - input.cold.length),
  };
}

const lowered = (sentence: string): string => `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
