/**
 * What is known of a try to deliver that did not end well, and what the flow wants done then.
 *
 * Always holds: `absent` is said only where the service surely has nothing of the upload. Whoever doubts says `unknown`: sending again what has
 * arrived is the worse mistake.
 */
import type { FlowFailure } from "../../flows/flow.ts";
import type { GateError } from "../../problems/gate-error.ts";
import type { DeliveryRecord } from "../../records/records.ts";

/** `absent`: the service surely has no whole upload. `unknown`: it may have. */
export type DeliveryOutcome = "absent" | "unknown";

/** `refuse`: nothing is kept. `keep`: kept, and a person decides. `retry`: kept, and tried again. */
export type FailureStep = "refuse" | "keep" | "retry";

/** What a status says of an upload: it was taken, it was not and never will be, or it was not this time. */
export type StatusMeaning = "taken" | "refused" | "failed";

const NOT_IMPLEMENTED = 501;

/** Errors of our own side, before the last byte: a request that broke off in its body is none. @see RFC 9112 section 8 */
const NEVER_WHOLE: ReadonlySet<string> = new Set([
  "RECEIPT_KEY_UNAVAILABLE",
  "STORAGE_READ_FAILED",
  "STORAGE_OBJECT_MISSING",
  "RECORDS_UNAVAILABLE",
  "FLOW_UNKNOWN",
]);

/** System calls that fail before there is a connection. */
const BEFORE_CONNECTION: ReadonlySet<unknown> = new Set(["connect", "getaddrinfo"]);

/** Codes of a connection that was never made, or whose TLS handshake failed. */
const NEVER_CONNECTED =
  /^(UND_ERR_CONNECT_TIMEOUT|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_SSL_|ERR_TLS_)/;

/** What is known after an exchange that threw. */
export function outcomeOfError(error: GateError): DeliveryOutcome {
  if (NEVER_WHOLE.has(error.code)) return "absent";
  return error.code === "UPSTREAM_UNREACHABLE" && neverConnected(error.cause) ? "absent" : "unknown";
}

function neverConnected(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.length > 0 && cause.errors.every(neverConnected);
  if (!(cause instanceof Error)) return false;
  const { code, syscall } = cause as NodeJS.ErrnoException;
  return BEFORE_CONNECTION.has(syscall) || (code !== undefined && NEVER_CONNECTED.test(code));
}

/** What the flow wants done after a first try that ended so. */
export function stepAfter(failure: FlowFailure, outcome: DeliveryOutcome): FailureStep {
  if (outcome === "absent") return failure.upstreamDown;
  return failure.upstreamUnknown;
}

/**
 * What the records keep of a failed try, as `CODE: sentence`. `UPSTREAM_UNREACHABLE` is kept for tries of which the service surely has nothing: a
 * connection that closed without an answer is written down as the answer that it was not.
 */
export function errorText(error: GateError): string {
  return `${codeToTell(error)}: ${error.publicMessage}`;
}

/** The code under which a client and the records hear of a failed try. */
export function codeToTell(error: GateError): GateError["code"] {
  const isBrokenOff = error.code === "UPSTREAM_UNREACHABLE" && outcomeOfError(error) === "unknown";
  return isBrokenOff ? "UPSTREAM_ANSWER_INVALID" : error.code;
}

/** Whether the service may have the upload from one of these tries, so that another one may double it. */
export function mayHaveArrived(tries: readonly Pick<DeliveryRecord, "status" | "error">[]): boolean {
  return tries.some(({ status, error }) => {
    const code = error?.split(":", 1)[0] ?? "";
    return status === null && code !== "UPSTREAM_UNREACHABLE" && !NEVER_WHOLE.has(code);
  });
}

/** Reads a service's status. A 501 will be a 501 tomorrow: RFC 9110 section 15.6.2. */
export function meaningOf(status: number): StatusMeaning {
  if (status < 400) return "taken";
  return status >= 500 && status !== NOT_IMPLEMENTED ? "failed" : "refused";
}
