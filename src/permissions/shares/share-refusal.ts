/**
 * From a share that has too little left to what the client is told.
 *
 * Always: `retryAfterSeconds` is when enough of the window's slots have left it; an upload that is larger than the whole share gets none, and another
 * code, since no wait would help it.
 */
import type { ShareRule, ShareSubject } from "../../flows/flow.ts";
import type { ErrorCode } from "../../problems/error-code.ts";
import { GateError } from "../../problems/gate-error.ts";
import { formatDuration } from "../../setup/duration.ts";
import { formatSize } from "../../setup/size.ts";
import type { ShareUnit } from "./share-account.ts";
import { type Shortage, windowOf } from "./share-claim.ts";

const CODES: Readonly<Record<ShareRule["kind"], ErrorCode>> = {
  rate: "RATE_EXCEEDED",
  concurrent: "CONCURRENCY_EXCEEDED",
  quota: "QUOTA_EXCEEDED",
};

const WHOSE: Readonly<Record<ShareSubject, string>> = {
  principal: "each caller",
  address: "each client address",
  flow: "all callers together",
};

/**
 * The refusal of a request. Where several shares are short, the one that takes longest is told, since the others are no obstacle by then.
 * `violatedPolicies` names them all, as they are called in `RateLimit-Policy`.
 */
export function shareRefusal(shortages: readonly [Shortage, ...Shortage[]]): GateError {
  const worst = shortages.reduce((a, b) => ((b.waitMs ?? Infinity) > (a.waitMs ?? Infinity) ? b : a));
  const { rule, waitMs } = worst;
  const isHopeless = waitMs === null;
  return new GateError(isHopeless ? "QUOTA_TOO_SMALL" : CODES[rule.kind], {
    message: isHopeless
      ? `The upload is larger than the whole share "${rule.name}", so that no wait will help.`
      : `The share "${rule.name}" of this flow is used up.`,
    expected: `at most ${amount(worst.unit, worst.max)}${span(rule)} for ${WHOSE[rule.per]}`,
    seen: seenOf(worst),
    details: { violatedPolicies: [...new Set(shortages.map((shortage) => shortage.rule.name))] },
    ...(waitMs === null ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }),
  });
}

/** Others' use of a share of all callers is not told: it is nobody's business. */
function seenOf({ rule, unit, need, used, reserved, waitMs }: Shortage): string {
  if (rule.kind !== "quota") return `one more ${rule.kind === "rate" ? "request" : "upload"}`;
  const wanted = `${amount(unit, need)} in this upload`;
  if (waitMs === null || rule.per === "flow") return wanted;
  return `${wanted}, ${amount(unit, used)} taken and ${amount(unit, reserved)} reserved by other uploads`;
}

function span(rule: ShareRule): string {
  return rule.kind === "concurrent" ? " at once" : ` in any ${formatDuration(windowOf(rule))}`;
}

function amount(unit: ShareUnit, count: number): string {
  if (unit === "bytes") return formatSize(count);
  const noun = { requests: "request", places: "upload", files: "file" }[unit];
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
