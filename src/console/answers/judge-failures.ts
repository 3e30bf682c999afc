/**
 * Whether more of a flow's uploads fail than it promises: wrong answers and failures of the service, never refusals, which are promises kept.
 */
import type { HistoryPoint } from "../../signals/history/history.ts";

const FAILED_MIN = 3;
/** Where a flow promises nothing of it. */
const UNWRITTEN_SHARE = 0.01;

export interface Failures {
  readonly failed: number;
  /** Uploads that were accepted or failed; refusals, clients that went away and what passed by are left out. */
  readonly due: number;
  readonly share: number | null;
  readonly limitShare: number | null;
  /** `some`: more than promised, and too few to be sure. */
  readonly kind: "none" | "within" | "some" | "many" | "all";
}

/** @param limitShare from 0 to 1; `null`: the flow promises nothing, and one in a hundred is taken */
export function judgeFailures(point: HistoryPoint | null, limitShare: number | null): Failures {
  const { accepted = 0, failed: broken = 0, wrong = 0 } = point?.outcomes ?? {};
  const failed = broken + wrong;
  const due = accepted + failed;
  const share = due === 0 ? null : failed / due;
  return { failed, due, share, limitShare, kind: kindOf(failed, due, limitShare ?? UNWRITTEN_SHARE) };
}

function kindOf(failed: number, due: number, limitShare: number): Failures["kind"] {
  if (failed === 0) return "none";
  if (failed === due && failed >= FAILED_MIN) return "all";
  if (failed / due <= limitShare) return "within";
  return failed >= FAILED_MIN ? "many" : "some";
}
