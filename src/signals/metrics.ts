/**
 * What is counted, under one registry of our own names, for Prometheus to read from the operator's port.
 *
 * Labels stay few and bounded: flow names, modes, states and codes come from our own tables, never from a client.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Upload times reach minutes, so the buckets go past the usual 10 s. Seconds. */
const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600];
const BYTES_BUCKETS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

export interface Metrics {
  readonly requests: Counter<"flow" | "mode" | "outcome" | "status">;
  readonly requestSeconds: Histogram<"flow" | "mode">;
  readonly uploads: Counter<"flow" | "mode" | "state">;
  readonly refusals: Counter<"flow" | "mode" | "code">;
  readonly bodyBytes: Counter<"flow">;
  readonly uploadBytes: Histogram<"flow">;
  readonly upstreamSeconds: Histogram<"upstream">;
  readonly activeUploads: Gauge;
  readonly activeConnections: Gauge;
  readonly connectionsTurnedAway: Counter<"how">;
  readonly certificateExpires: Gauge;
  readonly reloads: Counter<"result">;
  readonly observationsLost: Counter<"flow">;
  readonly historyLost: Counter;
  readonly deliveryTries: Counter<"flow" | "result">;
  readonly deliveriesWaiting: Gauge;
  /** The text exposition format, with its content type. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Makes the registry; one a gate. */
export function makeMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    requests: new Counter({
      name: "sluicegate_requests_total",
      help: "Requests answered, by flow, mode, outcome (accepted, refused, failed, passed) and status.",
      labelNames: ["flow", "mode", "outcome", "status"],
      registers,
    }),
    requestSeconds: new Histogram({
      name: "sluicegate_request_duration_seconds",
      help: "From the head of a request to the end of its answer.",
      labelNames: ["flow", "mode"],
      buckets: SECONDS_BUCKETS,
      registers,
    }),
    uploads: new Counter({
      name: "sluicegate_uploads_total",
      help: "Uploads by the state they ended in.",
      labelNames: ["flow", "mode", "state"],
      registers,
    }),
    refusals: new Counter({
      name: "sluicegate_refusals_total",
      help: "Refused uploads by code; in mode observe: what would have been refused.",
      labelNames: ["flow", "mode", "code"],
      registers,
    }),
    bodyBytes: new Counter({
      name: "sluicegate_body_bytes_total",
      help: "Bytes of request bodies taken.",
      labelNames: ["flow"],
      registers,
    }),
    uploadBytes: new Histogram({
      name: "sluicegate_upload_size_bytes",
      help: "Size of uploads that were accepted.",
      labelNames: ["flow"],
      buckets: BYTES_BUCKETS,
      registers,
    }),
    upstreamSeconds: new Histogram({
      name: "sluicegate_upstream_wait_seconds",
      help: "From the last byte sent to the service to the first byte of its answer.",
      labelNames: ["upstream"],
      buckets: SECONDS_BUCKETS,
      registers,
    }),
    activeUploads: new Gauge({
      name: "sluicegate_uploads_active",
      help: "Uploads being received or delivered now.",
      registers,
    }),
    activeConnections: new Gauge({
      name: "sluicegate_connections_active",
      help: "Open connections of clients.",
      registers,
    }),
    connectionsTurnedAway: new Counter({
      name: "sluicegate_connections_turned_away_total",
      help: "Connections closed by the gate: told that there is no room, dropped without a word, evicted (idle, to make room), stalled (the client did not read its answer).",
      labelNames: ["how"],
      registers,
    }),
    certificateExpires: new Gauge({
      name: "sluicegate_tls_certificate_expires_seconds",
      help: "When the certificate of the public port expires, in seconds since 1970; 0 without TLS.",
      registers,
    }),
    reloads: new Counter({
      name: "sluicegate_reloads_total",
      help: "Reloads of the flow files, by result.",
      labelNames: ["result"],
      registers,
    }),
    observationsLost: new Counter({
      name: "sluicegate_observations_lost_total",
      help: "Uploads in mode observe whose copy could not be inspected.",
      labelNames: ["flow"],
      registers,
    }),
    historyLost: new Counter({
      name: "sluicegate_history_lost_total",
      help: "Rows and requests that the history could not keep: the records took none for too long, or there were too many flows.",
      registers,
    }),
    deliveryTries: new Counter({
      name: "sluicegate_delivery_tries_total",
      help: "Further tries to deliver kept uploads, by result (delivered, refused, failed, waits for a person, skipped).",
      labelNames: ["flow", "result"],
      registers,
    }),
    deliveriesWaiting: new Gauge({
      name: "sluicegate_deliveries_waiting",
      help: "Uploads that are kept because their service could not be told of them.",
      registers,
    }),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
