/**
 * What is told of a request when its answer is out: from what the stages have noted to one flat, frozen signal for all sinks.
 *
 * Always holds: no header and no body is in a signal; what clients sent is cut to a bounded length. Nothing here waits or throws into the request.
 */
import type { Flow } from "../flows/flow.ts";
import { readCacheState } from "../signals/cache-state.ts";
import type { CacheState, RequestSignal, ServiceSignal, SignalOutcome } from "../signals/request-signal.ts";
import { readServiceTiming } from "../signals/service-timing.ts";
import { headerValues } from "../upstream/raw-headers.ts";
import type { RawHeaders } from "../upstream/upstream.ts";
import type { GateParts } from "./gate-parts.ts";
import type { RequestHead } from "./request-context.ts";

const PATH_CHARS_MAX = 256;
const TYPE_CHARS_MAX = 64;
const VERSION_CHARS_MAX = 64;
/** RFC 9110 section 10.1.5: the first product, without its version. */
const FIRST_PRODUCT = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}/;
const MEDIA_TYPE = /^[!#$&^_.+0-9a-z-]+\/[!#$&^_.+0-9a-z-]+$/;
/** Parts of a `traceparent`: version, trace id, span id, flags. */
const SPAN_AT = 36;
const SPAN_CHARS = 16;

/**
 * Tells the sinks of a request that has ended. In `observe` they hear of it when its copy has been judged, since the code that it would have been refused
 * with belongs to it.
 */
export function signalRequest(gate: GateParts, head: RequestHead, durationMs: number): void {
  if (!gate.signals.isHeard) return;
  const { observed } = head.seen;
  if (observed === null) gate.signals.take(signalOf(head, durationMs, head.facts.code));
  else void observed.then((code) => gate.signals.take(signalOf(head, durationMs, head.facts.code ?? code)));
}

/** A target that is no path is refused, and may have a user's password in it: `http://user:password@host/`. */
export function pathToTell(target: string): string | null {
  const [path = ""] = target.split("?", 1);
  return path.startsWith("/") || path === "*" ? path.slice(0, PATH_CHARS_MAX) : null;
}

function signalOf(head: RequestHead, durationMs: number, code: string | null): RequestSignal {
  const { req, res, trace, facts, seen, timings } = head;
  return Object.freeze({
    atMs: head.startedAtMs,
    durationMs,
    requestId: trace.requestId,
    traceId: trace.traceId,
    spanId: trace.traceparent.slice(SPAN_AT, SPAN_AT + SPAN_CHARS),
    parentSpanId: trace.parentSpanId,
    flow: facts.flow,
    mode: facts.mode,
    method: req.method ?? "",
    path: pathToTell(req.url ?? "/") ?? "",
    status: res.statusCode,
    outcome: outcomeOf(head),
    code,
    uploadId: facts.uploadId,
    bytesIn: facts.bytesIn,
    bytesOut: seen.answerBytes ?? Number(res.getHeader("content-length") ?? 0),
    contentType: declaredType(req.headers["content-type"]),
    fileType: seen.fileType,
    client: FIRST_PRODUCT.exec(req.headers["user-agent"] ?? "")?.[0] ?? null,
    timings: timings.toJSON(),
    service: serviceOf(head),
  });
}

/** A flow that is not enforced is told of in the same words: what its service takes is accepted, what it turns away is refused. */
function outcomeOf({ facts, seen, res }: RequestHead): SignalOutcome {
  const { outcome, code } = facts;
  if (code === "REQUEST_ABORTED") return "aborted";
  if (outcome === "answered") return res.statusCode >= 500 ? "failed" : "passed";
  if (outcome === "passed" && seen.flow !== null) return ofService(res.statusCode, seen.flow);
  if (outcome !== "accepted") return outcome;
  // A code beside it: the client was told that the upload is kept, since the service, whose answer was due, gave none.
  return code === null ? ofService(facts.upstreamStatus ?? res.statusCode, seen.flow) : "failed";
}

function ofService(status: number, flow: Flow | null): SignalOutcome {
  if (status >= 500) return "failed";
  if (status >= 400) return "refused";
  const expected = flow?.notes.expect?.status;
  return expected === undefined || expected === status ? "accepted" : "wrong";
}

function declaredType(header: string | undefined): string | null {
  if (header === undefined) return null;
  const type = (header.split(";", 1)[0] ?? "").trim().toLowerCase();
  return type.length <= TYPE_CHARS_MAX && MEDIA_TYPE.test(type) ? type : null;
}

/** `null` where the service was not asked. One that was asked and gave no answer has no status. */
function serviceOf({ facts, seen, timings }: RequestHead): ServiceSignal | null {
  if (facts.upstreamStatus === null && !timings.has("app")) return null;
  return Object.freeze({
    status: facts.upstreamStatus,
    ...readServiceTiming(facts.serverTiming),
    waitMs: seen.waitMs,
    cache: seen.answer === null ? "unknown" : cacheOf(seen.answer, facts, seen.flow),
    version: seen.answer === null ? null : versionOf(seen.answer, seen.flow),
  });
}

function cacheOf(answer: RawHeaders, facts: RequestHead["facts"], flow: Flow | null): CacheState {
  const declared = (flow?.measure.caches ?? []).flatMap(({ name, header }) =>
    header === null ? [] : [{ cache: name, value: joinedValues(answer, header) }],
  );
  return readCacheState({
    cacheStatus: facts.cacheStatus,
    serverTiming: facts.serverTiming,
    age: joinedValues(answer, "age"),
    status: facts.upstreamStatus,
    declared,
  }).state;
}

function versionOf(answer: RawHeaders, flow: Flow | null): string | null {
  const name = flow?.watch.versionHeader ?? null;
  const version = name === null ? null : joinedValues(answer, name)?.trim().slice(0, VERSION_CHARS_MAX);
  return version === undefined || version === "" ? null : version;
}

function joinedValues(headers: RawHeaders, name: string): string | null {
  const values = headerValues(headers, name.toLowerCase());
  return values.length === 0 ? null : values.join(", ");
}
