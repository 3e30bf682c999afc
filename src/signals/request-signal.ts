/**
 * What is told of each request when its answer is out: one flat, frozen object, from which the log line, metrics, history, traces and the discovery
 * of routes are made.
 *
 * Always holds: no header and no byte of a body is in it; texts of clients are bounded. Whoever takes one neither throws nor waits.
 */
import type { TimingName } from "./server-timing.ts";

/**
 * How a request ended, for people: `accepted`; `refused` as the flow promises (never an error); `wrong`: a 2xx that is not the promised answer; `failed`: 5xx or none where one
 * was due, also where the gate keeps the upload for another try; `aborted` by the client; `passed`: went by, no flow says anything of it. Of a flow in `off` or `observe` it
 * is what the service made of the upload.
 */
export type SignalOutcome = "accepted" | "refused" | "wrong" | "failed" | "aborted" | "passed";

/** Where an answer of the service came from; `unknown` where nobody says. */
export type CacheState = "hit" | "miss" | "bypass" | "unknown";

/** What the service tells of its own work, by `Server-Timing`, `Cache-Status` or headers that the flow names. Milliseconds. */
export interface ServiceSignal {
  /** `null`: no answer came. */
  readonly status: number | null;
  readonly appMs: number | null;
  readonly recvMs: number | null;
  /** As the gate saw it: from the last byte sent to the first byte back. `null` where no whole exchange was seen. */
  readonly waitMs: number | null;
  readonly databaseMs: number | null;
  readonly databaseCalls: number | null;
  readonly cache: CacheState;
  /** Of `service.version`, a commit or the like, from a header that the flow names; at most 64 characters. */
  readonly version: string | null;
}

export interface RequestSignal {
  /** Unix milliseconds at which the head was there. */
  readonly atMs: number;
  /** From the head to the end of the answer. */
  readonly durationMs: number;
  readonly requestId: string;
  readonly traceId: string;
  /** 16 hex digits: the gate's own span. */
  readonly spanId: string;
  /** The client's span, where it named one. */
  readonly parentSpanId: string | null;
  /** Name of a flow; `null` where none matched. */
  readonly flow: string | null;
  readonly mode: "off" | "observe" | "enforce" | null;
  readonly method: string;
  /** Without query, at most 256 characters. */
  readonly path: string;
  readonly status: number;
  readonly outcome: SignalOutcome;
  /** An error code of `problems/`; in `observe` what it would have been. */
  readonly code: string | null;
  readonly uploadId: string | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Media type of the request as declared, without parameters, small letters, at most 64 characters. */
  readonly contentType: string | null;
  /** Verified media type of the first file, where there is one. */
  readonly fileType: string | null;
  /** First product of the User-Agent, without its version: `curl`, `python-requests`, `Mozilla`; at most 32 characters. */
  readonly client: string | null;
  /** The gate's own spans, milliseconds. */
  readonly timings: Readonly<Partial<Record<TimingName, number>>>;
  /** `null` where the service was not asked. */
  readonly service: ServiceSignal | null;
}

/** Takes each signal as it comes, on the data path: cheap, and it never throws. */
export interface SignalSink {
  take(signal: RequestSignal): void;
}
