/**
 * The coverage of ASVS as lines: one a requirement.
 */
import type { Flow } from "../flow.ts";
import { type AsvsState, asvsCoverage } from "./asvs-coverage.ts";

const STATE_WORDS: Readonly<Record<AsvsState, string>> = {
  gate: "gate",
  service: "service",
  open: "OPEN",
  "not-applicable": "-",
};

const LEGEND =
  "gate: kept by the gate. service: promised here, kept by the service. OPEN: not covered. -: nothing of the kind is taken. UPL-…: sluicegate check looks at it.";

/** Columns: requirement, who keeps it, what it asks for and how; the checks that show it. */
export function asvsSentences(flow: Flow): string[] {
  const rows = asvsCoverage(flow).map(({ requirement, state, asks, how, checks }) => {
    const shown = checks.length === 0 ? "" : ` (${checks.join(", ")})`;
    return `${requirement}  ${STATE_WORDS[state].padEnd(7)}  ${asks}: ${how}${shown}`;
  });
  return [...rows, LEGEND];
}
