/**
 * What keeps a faster time from being called FASTER, in sentences: guardrails can only block.
 */

import type { Findings } from "./findings.ts";
import type { JudgeInput } from "./judge-input.ts";
import { sayMs, sayNumber, sayShare } from "./say-change.ts";

/** Of the time that the service says it saved, its client must see so much. */
const SEEN_SHARE_MIN = 0.5;

/** Empty where nothing speaks against it. */
export function fasterBlocks(
  findings: Findings,
  measure: Pick<JudgeInput["measure"], "errorMarginShare">,
): readonly string[] {
  return [
    errorBlock(findings, measure.errorMarginShare),
    refusedBlock(findings),
    agreementBlock(findings),
    middleBlock(findings),
    warmBlock(findings),
  ].filter((block) => block !== null);
}

function errorBlock({ errors }: Findings, marginShare: number): string | null {
  const { difference, before, after } = errors;
  if (difference.high <= marginShare) return null;
  return `Errors could have risen by up to ${points(difference.high)} (${before.count} of ${sayNumber(before.of, "request")} before, ${after.count} of ${sayNumber(after.of, "request")} after), and only ${points(marginShare)} may pass: more requests would tell.`;
}

function points(share: number): string {
  return `${(share * 100).toFixed(2)} points`;
}

function refusedBlock({ outcomes }: Findings): string | null {
  const refused = outcomes.find(({ outcome, isMore }) => outcome === "refused" && isMore);
  if (refused === undefined) return null;
  return `More uploads are refused than before, and whoever refuses more has less to do.`;
}

/** The service's own figure and what its client sees must move together: else time was moved to where the service does not count it. */
function agreementBlock({ time, client }: Findings): string | null {
  const app = savedMs(time.paired);
  const seen = client === null ? null : savedMs(client.paired);
  if (app === null || seen === null || seen >= app * SEEN_SHARE_MIN) return null;
  return `The service says that it saves ${sayMs(app)}, but its client sees ${seen <= 0 ? "nothing of it" : `only ${sayMs(seen)}`}: time was moved to where the service does not count it, not saved.`;
}

function savedMs({ beforeMs, estimate }: Findings["time"]["paired"]): number | null {
  return beforeMs === null || estimate === null ? null : -beforeMs * estimate;
}

function middleBlock({ middle }: Findings): string | null {
  if (middle === null || middle.call !== "slower") return null;
  return `The usual upload (p50) became ${sayShare(middle.paired.estimate ?? 0)} slower.`;
}

function warmBlock({ warm, isCacheVariable }: Findings): string | null {
  if (warm === null || isCacheVariable || warm.call !== "slower") return null;
  return `With warm caches it became ${sayShare(warm.paired.estimate ?? 0)} slower.`;
}
