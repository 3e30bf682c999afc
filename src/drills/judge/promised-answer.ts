/**
 * What a flow promises a client whose upload meets a failure of the service: from its `failure:` block, and from what always holds.
 * @see docs/failures.md, "The service"
 */
import type { Flow } from "../../flows/flow.ts";
import { ERROR_CODES } from "../../problems/error-code.ts";
import { formatDuration } from "../../setup/duration.ts";
import { type SentUpload, sayAnswer } from "../drill-upload.ts";

/** `absent`: the service surely has nothing; `slow`, `broken-off`: it may have it; `error`: it says 5xx. */
export type ServiceFailure = "absent" | "slow" | "broken-off" | "error";

/**
 * What becomes of the upload.
 * - `refused`: the client may send it again, nothing is kept;
 * - `for-a-person`: kept, and not sent again by itself;
 * - `again`: kept, and sent again until the service takes it; the client has its word for it (202);
 * - `passed-on`: the client gets the service's own answer, nothing is kept.
 */
export type Fate = "refused" | "for-a-person" | "again" | "passed-on";

export interface PromisedAnswer {
  readonly fate: Fate;
  readonly status: number;
  readonly code: keyof typeof ERROR_CODES | null;
  /** Which line of the flow decides. */
  readonly because: string;
  readonly sentence: string;
}

/** @param status of the service's error, for `error` */
export function promisedAnswer(flow: Flow, met: ServiceFailure, status = 500): PromisedAnswer {
  const { failure, permissions } = flow;
  if (met === "absent") {
    if (permissions.caller === "upstream")
      return refused("PERMISSION_UNAVAILABLE", "the service is asked who may send");
    return failure.upstreamDown === "retry"
      ? again(flow, "failure.upstream-down: retry")
      : refused("UPSTREAM_UNREACHABLE", "failure.upstream-down: refuse");
  }
  if (met === "error")
    return failure.upstreamError === "retry"
      ? again(flow, "failure.upstream-error: retry")
      : passedOn(status);
  const code = met === "slow" ? "UPSTREAM_TIMEOUT" : "UPSTREAM_ANSWER_INVALID";
  return failure.upstreamUnknown === "retry"
    ? again(flow, "failure.upstream-unknown: retry")
    : forPerson(code);
}

function refused(code: keyof typeof ERROR_CODES, because: string): PromisedAnswer {
  const { status } = ERROR_CODES[code];
  const sentence = `Refused with ${status} ${code}, worth a retry later and after how long; nothing of it is kept (${because}).`;
  return { fate: "refused", status, code, because, sentence };
}

function forPerson(code: keyof typeof ERROR_CODES): PromisedAnswer {
  const { status } = ERROR_CODES[code];
  const because = "failure.upstream-unknown: keep";
  const sentence = `Answered with ${status} ${code} that says isKept: the service may have it, so a person decides (${because}).`;
  return { fate: "for-a-person", status, code, because, sentence };
}

function again({ failure }: Flow, because: string): PromisedAnswer {
  const sentence = `Accepted with 202 and a place where its state is, kept, and sent again by itself for ${formatDuration(failure.retryForMs)} (${because}).`;
  return { fate: "again", status: 202, code: null, because, sentence };
}

function passedOn(status: number): PromisedAnswer {
  const because = "failure.upstream-error: pass";
  const sentence = `Answered with the service's own ${status}; nothing of it is kept (${because}).`;
  return { fate: "passed-on", status, code: null, because, sentence };
}

/** What is not as it was promised of an answer, in plain words; nothing where all is. */
export function answerComplaints(sent: SentUpload, promised: PromisedAnswer): string[] {
  const { fate, status, code } = promised;
  if (sent.status !== status || sent.code !== code)
    return [`was answered with ${sayAnswer(sent)} instead of ${sayAnswer({ status, code })}`];
  const complaints: string[] = [];
  if (fate === "refused" && sent.retry !== "later") complaints.push("was not told that a retry is worth it");
  if (fate === "refused" && !isWait(sent.retryAfterSeconds))
    complaints.push("was not told after how long (Retry-After)");
  if (fate === "for-a-person" && !sent.isKept) complaints.push("was not told that it is kept (isKept)");
  if (fate !== "for-a-person" && sent.isKept) complaints.push("was told that it is kept");
  if (fate === "again" && sent.location === null)
    complaints.push("was not told where its state is (Location)");
  return complaints;
}

export const isWait = (seconds: number | null): boolean => seconds !== null && seconds > 0;
