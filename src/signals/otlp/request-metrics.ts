/**
 * What is counted for OpenTelemetry: the standard `http.server.request.…`, and `flow.…` for what the service tells of its work.
 */
import type { Meter } from "@opentelemetry/api";
import type { RequestSignal } from "../request-signal.ts";
import { metricAttributes, type RouteOf } from "./request-attributes.ts";

/** The advised buckets stop at 10 s; uploads do not. */
const SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300, 600,
];
const BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
const CALLS = [0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

/** @returns what takes each signal */
export function countRequests(meter: Meter, routeOf: RouteOf): (signal: RequestSignal) => void {
  const seconds = meter.createHistogram("http.server.request.duration", {
    description: "Duration of HTTP server requests: from the head of a request to the end of its answer.",
    unit: "s",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const bodyBytes = meter.createHistogram("http.server.request.body.size", {
    description: "Size of HTTP server request bodies.",
    unit: "By",
    advice: { explicitBucketBoundaries: BYTES },
  });
  const serviceSeconds = meter.createHistogram("flow.service.duration", {
    description: "The service's own time, as its Server-Timing tells it (app).",
    unit: "s",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const databaseCalls = meter.createHistogram("flow.db.calls", {
    description: "Calls to its database that the service tells of for one request.",
    unit: "{call}",
    advice: { explicitBucketBoundaries: CALLS },
  });
  const lookups = meter.createCounter("flow.cache.lookups", {
    description: "Answers of the service by where they came from.",
    unit: "{answer}",
  });
  const refusals = meter.createCounter("flow.refusals", {
    description: "Refused uploads by code; in mode observe: what would have been refused.",
    unit: "{upload}",
  });
  return (signal) => {
    const { service, flow, mode, code } = signal;
    const attributes = metricAttributes(signal, routeOf);
    seconds.record(signal.durationMs / 1000, attributes);
    if (signal.bytesIn > 0) bodyBytes.record(signal.bytesIn, attributes);
    if (flow === null) return;
    const ofFlow = { "flow.name": flow, "flow.mode": mode ?? "none" };
    if (code !== null) refusals.add(1, { ...ofFlow, "flow.code": code });
    if (service === null) return;
    lookups.add(1, { ...ofFlow, "flow.cache.state": service.cache });
    if (service.appMs !== null) serviceSeconds.record(service.appMs / 1000, ofFlow);
    if (service.databaseCalls !== null) databaseCalls.record(service.databaseCalls, ofFlow);
  };
}
