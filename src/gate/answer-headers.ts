/**
 * What the gate does to the headers of a service's answer.
 */
import type { AnswerHeaders, RawHeaders } from "../upstream/upstream.ts";
import type { GateParts } from "./gate-parts.ts";
import type { RequestContext } from "./request-context.ts";

const SERVER_TIMING = "server-timing";

/**
 * The request id always; the upload's id where there is one. Server-Timing, ours before the service's own, goes to the client only where the
 * settings switch it on: it tells how long an inspection took, and how many database calls the service made.
 */
export function answerHeaders(gate: GateParts, request: RequestContext, answer: RawHeaders): AnswerHeaders {
  const { trace, facts, timings } = request;
  const added = ["X-Request-Id", trace.requestId];
  if (facts.uploadId !== null) added.push("Sluicegate-Upload", facts.uploadId);
  if (!gate.settings.signals.serverTiming) return { added, withheld: [SERVER_TIMING] };
  const timing = [timings.header(), ...valuesOf(answer, SERVER_TIMING)].filter((value) => value !== "");
  if (timing.length > 0) added.push("Server-Timing", timing.join(", "));
  return { added, withheld: [] };
}

function valuesOf(headers: RawHeaders, name: string): string[] {
  return headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
}
