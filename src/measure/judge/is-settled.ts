/**
 * Whether a first look is enough: a call that more pairs would only repeat.
 */
import type { Verdict } from "../comparison.ts";

const OPEN: ReadonlySet<Verdict> = new Set([
  "INCONCLUSIVE",
  "DETECTABLE BUT TINY",
  "FEWER ERRORS",
  "REFUSED CACHE MIX MOVED",
]);

/** `true`: nothing is left to be found out by the other half of the pairs. */
export function isSettled(verdict: Verdict): boolean {
  return !OPEN.has(verdict);
}
