/**
 * How many more pairs would settle what is not clear.
 */
import { pairsNeeded } from "../../statistics/smallest-visible.ts";
import type { Findings } from "./findings.ts";
import type { JudgeInput } from "./judge-input.ts";
import { PAIRS_MIN } from "./paired-effect.ts";

/** More than this nobody waits for. */
const PAIRS_MAX = 10_000;

/** At least the half of what was run, as so many were not enough; `null` where pairs are not what is missing. */
export function pairsMoreFor(findings: Findings, input: Pick<JudgeInput, "expected">): number | null {
  const { time, raw, isCacheVariable, undeclared } = findings;
  const { paired, call, matters } = isCacheVariable ? raw : time;
  if (call !== "unclear" || undeclared.length > 0) return null;
  const had = paired.changes.length;
  if (had < PAIRS_MIN) return PAIRS_MIN - had;
  const hoped = input.expected === null || input.expected === 0 ? matters : Math.abs(input.expected);
  const needed = pairsNeeded(paired.deviation, Math.max(hoped, matters));
  return Math.min(PAIRS_MAX, Math.max(needed - had, Math.ceil(had / 2)));
}
