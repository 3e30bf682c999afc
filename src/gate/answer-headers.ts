/**
 * What the gate adds to a service's answer.
 */
import type { RawHeaders } from "../upstream/upstream.ts";
import type { GateParts } from "./gate-parts.ts";
import type { RequestContext } from "./request-context.ts";

/** The request id always; the upload's id where there is one; Server-Timing where the settings switch it on. */
export function answerHeaders(gate: GateParts, request: RequestContext): RawHeaders {
  const { trace, facts, timings } = request;
  const timing = gate.settings.signals.serverTiming ? timings.header() : "";
  return [
    "X-Request-Id",
    trace.requestId,
    ...(facts.uploadId === null ? [] : ["Sluicegate-Upload", facts.uploadId]),
    ...(timing === "" ? [] : ["Server-Timing", timing]),
  ];
}
