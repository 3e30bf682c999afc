/**
 * What is asked of a comparison, and its result: plain JSON with a version, kept as `comparison.json` beside `requests.ndjson`. Reports are made from it alone.
 */
import type { Fingerprint } from "./measurement.ts";

/** In the order in which they are looked for: the first that holds is the verdict. */
export type Verdict =
  | "INVALID"
  | "REFUSED CONFOUNDED"
  | "REFUSED CACHE UNOBSERVED"
  | "REFUSED NO OVERLAP"
  | "REFUSED CACHE MIX MOVED"
  | "WORSE ERRORS"
  | "SLOWER"
  | "FASTER"
  | "FASTER BY CACHE"
  | "FEWER ERRORS"
  | "DETECTABLE BUT TINY"
  | "SAME"
  | "INCONCLUSIVE"
  /** Of logs: nobody has changed one variable at a time. */
  | "SUSPECTED SLOWER"
  | "SUSPECTED FASTER"
  | "SUSPECTED WORSE ERRORS";

/** A relative change: −0.18 is 18 % less. */
export interface Effect {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
  readonly pValue: number;
}

/** One of the four rows: time, errors, cache mix, database calls. */
export interface ComparisonRow {
  readonly name: "time" | "errors" | "cache" | "database";
  readonly before: string;
  readonly after: string;
  readonly change: string;
  readonly interval: string | null;
  /** `better`, `worse`, `same`, `unclear`, `unseen`, with a sentence. */
  readonly judgement: "better" | "worse" | "same" | "unclear" | "unseen";
  readonly sentence: string;
}

export interface PairPoint {
  readonly pair: number;
  readonly order: "ab" | "ba";
  /** Milliseconds, of the primary metric; `null` where the segment does not give it. */
  readonly a: number | null;
  readonly b: number | null;
  /** ln(b/a), like for like; `null` where the pair was dropped, with why. */
  readonly change: number | null;
  readonly dropped: string | null;
}

export interface Comparison {
  readonly version: 1;
  readonly id: string;
  readonly flow: string;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly program: string;
  readonly arms: { readonly a: ComparedArm; readonly b: ComparedArm };
  /** The one key of the fingerprint that may differ. */
  readonly variable: string;
  readonly differing: readonly {
    readonly key: string;
    readonly a: string | null;
    readonly b: string | null;
  }[];
  /** Keys that could not be seen in one of the arms. */
  readonly unseen: readonly string[];
  readonly metric: {
    readonly quantile: "p50" | "p95";
    readonly of: "app" | "client";
    readonly phase: "cold";
  };
  readonly smallestEffect: { readonly share: number; readonly ms: number };
  /** What the A/A pairs showed; smallest visible effect as a share. */
  readonly noise: {
    readonly pairs: number;
    readonly sd: number;
    readonly median: number;
    readonly smallestVisible: number;
  } | null;
  readonly expected: number | null;
  readonly verdict: Verdict;
  /** The verdict in one sentence with its numbers. */
  readonly sentence: string;
  readonly reasons: readonly string[];
  readonly rows: readonly ComparisonRow[];
  readonly likeForLike: Effect | null;
  readonly raw: Effect | null;
  readonly byCacheClass: Readonly<Record<string, Effect>>;
  readonly warm: Effect | null;
  readonly pairs: readonly PairPoint[];
  readonly quantiles: readonly { readonly quantile: number; readonly a: number; readonly b: number }[];
  readonly health: readonly string[];
  /** More pairs that would settle an inconclusive result, or `null`. */
  readonly pairsMore: number | null;
  /** Which caches were cleared, by which commands, when. */
  readonly cleared: readonly {
    readonly cache: string;
    readonly command: string;
    readonly atMs: number;
    readonly exitCode: number;
  }[];
  readonly commands: readonly string[];
  readonly rollback: string | null;
  readonly evidenceSha256: string;
}

export interface ComparedArm {
  readonly label: string;
  readonly target: string;
  readonly fingerprint: Fingerprint;
  readonly requests: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** 0 as expected or same, 1 worse, 3 inconclusive, 5 refused. */
export type ComparisonExit = 0 | 1 | 3 | 5;
