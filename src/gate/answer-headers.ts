/**
 * What the gate does to the headers of a service's answer.
 */
import { CORS_HEADERS } from "../permissions/cross-site.ts";
import { headerValues } from "../upstream/raw-headers.ts";
import type { AnswerHeaders, ExchangeReport, RawHeaders } from "../upstream/upstream.ts";
import type { GateParts } from "./gate-parts.ts";
import type { RequestContext } from "./request-context.ts";

const SERVER_TIMING = "server-timing";
const VARY = "vary";

/**
 * Server-Timing, ours before the service's own, goes to the client only where the settings switch it on: it tells how long an inspection took,
 * and how many database calls the service made.
 */
export function answerHeaders(gate: GateParts, request: RequestContext, answer: RawHeaders): AnswerHeaders {
  const { added, withheld } = withRequestHeaders(request, answer);
  if (!gate.settings.signals.serverTiming) return { added, withheld: [...withheld, SERVER_TIMING] };
  const timing = joined([request.timings.header(), ...headerValues(answer, SERVER_TIMING)]);
  return { added: timing === "" ? added : [...added, "Server-Timing", timing], withheld };
}

/** As `answerHeaders`, and remembers for the request's signal what the service sent. */
export function seenHeaders(gate: GateParts, request: RequestContext, answer: RawHeaders): AnswerHeaders {
  request.seen.answer = answer;
  return answerHeaders(gate, request, answer);
}

/** What is known of an exchange with the service, for the log and the request's signal. */
export function noteReport(request: RequestContext, report: ExchangeReport): void {
  const { status: upstreamStatus, serverTiming, cacheStatus, waitMs, answerBytes } = report;
  Object.assign(request.facts, { upstreamStatus, serverTiming, cacheStatus });
  request.seen.waitMs = waitMs;
  request.seen.answerBytes = answerBytes;
}

/**
 * What holds for an answer of the service also where it is given again. The request id always; the upload's id where there is one. What an
 * enforced flow says of origins stands in place of what the service says.
 */
export function withRequestHeaders(
  request: Pick<RequestContext, "trace" | "facts" | "answerHeaders">,
  answer: RawHeaders,
): AnswerHeaders {
  const { trace, facts } = request;
  const added = ["X-Request-Id", trace.requestId];
  if (facts.uploadId !== null) added.push("Sluicegate-Upload", facts.uploadId);
  for (const [name, value] of request.answerHeaders)
    added.push(name, name === VARY ? joined([...headerValues(answer, VARY), value]) : value);
  return { added, withheld: facts.mode === "enforce" ? CORS_HEADERS : [] };
}

const joined = (values: readonly string[]): string => values.filter((value) => value !== "").join(", ");
