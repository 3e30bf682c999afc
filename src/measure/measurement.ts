/**
 * What is asked of a measurement, and what came of it: plain JSON with a version, kept as `measurement.json` beside `requests.ndjson`.
 */
import type { MeasuredOutcome, MeasuredRequest, SegmentHealth } from "./measured-request.ts";

/** Everything that must be the same for two measurements to be about one variable. Values are short texts: versions, digests, counts; `null`: could not be seen. */
export interface Fingerprint {
  /** By key: `git.commit`, `git.dirty`, `flow.policy`, `lockfile.requirements.txt`, `env.WORKERS`, `runtime.python`, `service.version`, `host.cpu`, `data.size`, `gateway`, `payloads`, `load` … */
  readonly values: Readonly<Record<string, string | null>>;
}

/** Bounds and schedule of one segment. */
export interface LoadPlan {
  /** Requests a second, on average; arrivals are Poisson. */
  readonly ratePerSecond: number;
  readonly requests: number;
  readonly warmUpRequests: number;
  readonly seed: number;
  readonly phase: "cold" | "warm";
  /** Share of payloads sent twice in a cold run, to notice a cache that nobody has declared. */
  readonly repeatShare: number;
  readonly timeoutMs: number;
  /** Caps; whichever is reached first ends the segment. */
  readonly requestsMax: number;
  readonly sentBytesMax: number;
  readonly elapsedMsMax: number;
}

/** Sends segments, each on a thread of its own; made once a target. */
export interface LoadGenerator {
  /** Sends one segment. Never rejects for what the target does; ends early, and says why, when the target suffers (5xx or timeouts rise). */
  run(segment: {
    readonly arm: MeasuredRequest["arm"];
    readonly pair: number;
    readonly origin: string;
    readonly plan: LoadPlan;
    readonly onProgress?: (done: number, of: number) => void;
    readonly signal: AbortSignal;
  }): Promise<Segment>;
  close(): Promise<void>;
}

export interface Segment {
  readonly health: SegmentHealth;
  /** In the order of their intended start; warm-up included (negative index). */
  readonly requests: readonly MeasuredRequest[];
}

/** Milliseconds. A quantile is `null` where there are too few requests for it: p50 from 30 on, p95 from 100, p99 from 500. */
export interface MeasuredTimes {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** The four numbers of one measurement. */
export interface Measurement {
  readonly version: 1;
  /** `20261122-190512-x7q2`; folder below `.sluicegate/measurements/`. */
  readonly id: string;
  readonly flow: string;
  readonly label: string | null;
  readonly target: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly program: string;
  readonly plan: LoadPlan;
  readonly fingerprint: Fingerprint;
  /** Response time of accepted uploads: whole (from the intended start), and the service's (`app;dur`, else last byte sent to first byte back). */
  readonly total: MeasuredTimes;
  readonly app: MeasuredTimes;
  /** Which of the two `app` is. */
  readonly appSource: "server" | "client";
  readonly outcomes: Readonly<Record<MeasuredOutcome, number>>;
  readonly cache: Readonly<Record<"hit" | "miss" | "bypass" | "unknown", number>>;
  readonly databaseCalls: {
    readonly mode: number;
    readonly modeShare: number;
    readonly mean: number;
    readonly max: number;
  } | null;
  readonly health: SegmentHealth;
  /** What makes the figures worthless, in sentences; none where they hold. */
  readonly invalid: readonly string[];
  readonly notes: readonly string[];
  /** SHA-256 (hex) of `requests.ndjson`. */
  readonly evidenceSha256: string;
}
