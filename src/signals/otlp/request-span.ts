/**
 * The span of one request, made when its answer is out: the server's span that the client's trace goes on with, and that the service's own spans have as parent.
 */
import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { RequestSignal } from "../request-signal.ts";
import { errorTypeOf, methodOf, type RouteOf, spanAttributes } from "./request-attributes.ts";

const SCOPE = { name: "sluicegate" };

/** @param resource of the gate's process */
export function requestSpan(signal: RequestSignal, resource: Resource, routeOf: RouteOf): ReadableSpan {
  const { traceId, spanId, parentSpanId } = signal;
  const route = signal.flow === null ? null : routeOf(signal.flow);
  const traceFlags = TraceFlags.SAMPLED;
  return {
    name: route === null ? methodOf(signal) : `${methodOf(signal)} ${route}`,
    kind: SpanKind.SERVER,
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parentSpanId === null
      ? {}
      : { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags, isRemote: true } }),
    startTime: hrTime(signal.atMs),
    endTime: hrTime(signal.atMs + signal.durationMs),
    duration: hrTime(signal.durationMs),
    status: statusOf(signal),
    attributes: spanAttributes(signal, routeOf),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** @see semantic conventions, HTTP spans: 4xx of a server is no error of its span */
function statusOf(signal: RequestSignal): ReadableSpan["status"] {
  const error = errorTypeOf(signal);
  if (error === null || error === "aborted") return { code: SpanStatusCode.UNSET };
  return { code: SpanStatusCode.ERROR, message: error };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** The last 14 digits of a trace's id are random (W3C Trace Context, level 2): all who see the trace choose alike. */
const RANDOM_DIGITS = 14;
const RANDOM_VALUES = 16 ** RANDOM_DIGITS;

/** Whether a request's trace is sent. */
export function isSampled(signal: RequestSignal, share: number): boolean {
  if (signal.outcome === "failed" || signal.outcome === "wrong") return true;
  return Number.parseInt(signal.traceId.slice(-RANDOM_DIGITS), 16) / RANDOM_VALUES >= 1 - share;
}
