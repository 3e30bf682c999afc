/**
 * One id from end to end: the request id (for people) and the W3C trace context (for tools). Both are taken from the client where they
 * are well formed, made anew where they are not, and go to the service, to the log and into every problem.
 *
 * @see https://www.w3.org/TR/trace-context/ section 3.2
 */
import { pooledRandomBytes } from "../uploads/random-pool.ts";

const REQUEST_ID = /^[A-Za-z0-9._~+/=-]{1,128}$/;
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Ids of one request. `traceparent` names the gate's own span as parent for what follows. */
export interface TraceContext {
  readonly requestId: string;
  readonly traceId: string;
  readonly traceparent: string;
  /** The client's span, where it named one. */
  readonly parentSpanId: string | null;
}

/** Reads or makes the ids. A hostile or malformed id is replaced, never repaired, so that it cannot reach a log or a header. */
export function readTraceContext(
  requestId: string | undefined,
  traceparent: string | undefined,
): TraceContext {
  const parent = TRACEPARENT.exec(traceparent ?? "");
  const traceId = parent?.[1] ?? pooledRandomBytes(16).toString("hex");
  const flags = parent?.[3] ?? "00";
  return {
    requestId: requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : traceId,
    traceId,
    traceparent: `00-${traceId}-${pooledRandomBytes(8).toString("hex")}-${flags}`,
    parentSpanId: parent?.[2] ?? null,
  };
}
