/**
 * A request in the words of OpenTelemetry's semantic conventions, and `flow.…` where there are none.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ and http-spans/
 */
import type { Attributes } from "@opentelemetry/api";
import type { RequestSignal } from "../request-signal.ts";

/** What tells the template of a flow's path; `null` where there is no such flow. */
export type RouteOf = (flow: string) => string | null;

/** Methods with a meaning; what else a client writes is `_OTHER`, so that it cannot make series. */
const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
]);

/** Of metrics: few values each, none of a client's choice. */
export function metricAttributes(signal: RequestSignal, routeOf: RouteOf): Attributes {
  const route = signal.flow === null ? null : routeOf(signal.flow);
  const error = errorTypeOf(signal);
  return {
    "http.request.method": methodOf(signal),
    "http.response.status_code": signal.status,
    "flow.name": signal.flow ?? "none",
    "flow.mode": signal.mode ?? "none",
    "flow.outcome": signal.outcome,
    ...(route === null ? {} : { "http.route": route }),
    ...(error === null ? {} : { "error.type": error }),
  };
}

/** Of a span: the same, and what concerns this request alone. */
export function spanAttributes(signal: RequestSignal, routeOf: RouteOf): Attributes {
  const { service, timings } = signal;
  const told: Attributes = {
    ...metricAttributes(signal, routeOf),
    "url.path": signal.path,
    "http.request.body.size": signal.bytesIn,
    "http.response.body.size": signal.bytesOut,
    "flow.request_id": signal.requestId,
  };
  const perhaps: Readonly<Record<string, string | number | null | undefined>> = {
    "flow.upload_id": signal.uploadId,
    "flow.code": signal.code,
    "user_agent.name": signal.client,
    "flow.file.type": signal.fileType,
    "flow.service.status_code": service?.status,
    "flow.service.version": service?.version,
    "flow.service.app_ms": service?.appMs,
    "flow.service.db_ms": service?.databaseMs,
    "flow.db.calls": service?.databaseCalls,
    "flow.cache.state": service?.cache,
  };
  for (const [name, value] of Object.entries(perhaps))
    if (value !== null && value !== undefined) told[name] = value;
  for (const [name, ms] of Object.entries(timings)) told[`flow.timing.${name}_ms`] = ms;
  return told;
}

/** What is an error to whoever runs the gate. A refusal that the flow promises is none. */
export function errorTypeOf({ outcome, code, status }: RequestSignal): string | null {
  if (outcome === "aborted") return "aborted";
  if (outcome === "wrong") return "unexpected_answer";
  return outcome === "failed" ? (code ?? String(status)) : null;
}

export const methodOf = ({ method }: RequestSignal): string => (METHODS.has(method) ? method : "_OTHER");
