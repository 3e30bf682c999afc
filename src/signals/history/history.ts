/**
 * What the gate remembers of its traffic: interfaces of the history that the console, judgements of deployments and `compare` from history read.
 *
 * Requests are rolled up as they come (a row a flow and minute, later a row a flow and hour), written every few seconds in one transaction, and bounded in age and number.
 * Distributions of time are log-bucketed sketches, so that rows can be added up: a quantile read from one is off by at most 2 %.
 * Reading happens on a thread of its own: however large a history is, a request through the gate never waits for it.
 */
import type { CacheState, RequestSignal, SignalOutcome, SignalSink } from "../request-signal.ts";

/** A time range in Unix milliseconds, end excluded. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Times as a mergeable sketch; counts by bucket. Bucket `b` holds times in (1.04^(b-1), 1.04^b] microseconds. */
export interface TimeSketch {
  readonly counts: ReadonlyMap<number, number>;
}

/** One flow (or `null`: everything else) over one step of time. */
export interface HistoryPoint {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly requests: number;
  readonly outcomes: Readonly<Partial<Record<SignalOutcome, number>>>;
  readonly cache: Readonly<Partial<Record<CacheState, number>>>;
  /** Of accepted uploads: the whole time at the gate, and the service's own (`app;dur`, else from last byte to first byte). `null` where there was none. */
  readonly totalMs: Quantiles | null;
  readonly appMs: Quantiles | null;
  readonly databaseCalls: { readonly mean: number; readonly max: number } | null;
  readonly bytesIn: number;
  /** The service's own time by cache state; only of `minutes`, for judgements that must hold the cache mix still. */
  readonly appByCache?: Readonly<Partial<Record<CacheState, TimeSketch>>>;
}

/** Milliseconds. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Something that may have changed how a flow behaves. */
export interface Mark {
  readonly id: string;
  readonly atMs: number;
  /** `deploy`: said by `sluicegate deploy`; `version`: seen on answers; `flow`: a flow file was edited; `mode`; `change`: a change record; `drill`; `start`, `stop` of the gate. */
  readonly kind: "deploy" | "version" | "flow" | "mode" | "change" | "drill" | "start" | "stop";
  /** `null`: all flows. */
  readonly flow: string | null;
  /** Short: a commit, a policy version, a slug. */
  readonly version: string | null;
  readonly previous: string | null;
  readonly note: string | null;
  readonly by: string | null;
}

/** A request that is kept one by one: the newest that went wrong, the slowest, and a sample of the others. Bounded by flow. */
export interface KeptRequest extends RequestSignal {
  readonly keptBecause: "failed" | "refused" | "slow" | "sample";
}

/** How often something was among bad and among good requests. Shares from 0 to 1. */
export interface Difference {
  readonly property: "size" | "type" | "client" | "version" | "cache" | "code" | "path";
  readonly value: string;
  readonly badShare: number;
  readonly goodShare: number;
  readonly bad: number;
  readonly good: number;
}

/** The write side: a sink with a life of its own. */
export interface HistoryWriter extends SignalSink {
  mark(mark: Omit<Mark, "id">): void;
  /** Writes what is in memory. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface HistoryReader {
  /** Points in order, without holes left out; the step is chosen so that there are at most `pointsMax`. @param flow `null`: requests of no flow; absent: all together */
  series(query: {
    readonly flow?: string | null;
    readonly range: TimeRange;
    readonly pointsMax: number;
  }): Promise<readonly HistoryPoint[]>;
  /** One point over the whole range for each flow that had traffic. */
  totals(range: TimeRange): Promise<ReadonlyMap<string | null, HistoryPoint>>;
  refusals(query: {
    readonly flow: string;
    readonly range: TimeRange;
  }): Promise<readonly { readonly code: string; readonly count: number; readonly lastAtMs: number }[]>;
  requests(query: {
    readonly flow?: string;
    readonly range?: TimeRange;
    readonly because?: KeptRequest["keptBecause"];
    readonly limit: number;
  }): Promise<readonly KeptRequest[]>;
  request(requestId: string): Promise<KeptRequest | null>;
  marks(query: { readonly flow?: string; readonly range: TimeRange }): Promise<readonly Mark[]>;
  /** What bad requests have more often than good ones, largest difference of shares first. */
  differences(query: {
    readonly flow: string;
    readonly range: TimeRange;
    readonly limit: number;
  }): Promise<readonly Difference[]>;
  /** Per minute, for judgements: minutes with at least one request. */
  minutes(query: { readonly flow: string; readonly range: TimeRange }): Promise<readonly HistoryPoint[]>;
  /** When the newest data was written; `null`: never. */
  newestAtMs(): Promise<number | null>;
  close(): Promise<void>;
}
