/**
 * A signal as the gate makes it, for tests.
 */
import type { RequestSignal, ServiceSignal } from "../request-signal.ts";

let made = 0;

/** An accepted upload of 120 ms, of which the service took 80. */
export function sampleSignal(
  change: Partial<Omit<RequestSignal, "service">> & { readonly service?: Partial<ServiceSignal> | null } = {},
): RequestSignal {
  made += 1;
  const service: ServiceSignal = {
    status: 201,
    appMs: 80,
    recvMs: 1,
    waitMs: 85,
    databaseMs: 5,
    databaseCalls: 3,
    cache: "miss",
    version: "1a2b",
  };
  return {
    atMs: 1_795_348_800_000,
    durationMs: 120,
    requestId: `request-${made}`,
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    parentSpanId: null,
    flow: "avatars",
    mode: "enforce",
    method: "POST",
    path: "/api/avatars",
    status: 201,
    outcome: "accepted",
    code: null,
    uploadId: null,
    bytesIn: 10_000,
    bytesOut: 100,
    contentType: "multipart/form-data",
    fileType: "image/png",
    client: "curl",
    timings: { recv: 2, app: 90 },
    ...change,
    service: change.service === null ? null : { ...service, ...change.service },
  };
}
