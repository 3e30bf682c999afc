/**
 * What is suspected of a change by traffic before and after it. Never more than a suspicion: other things happened at the same time; `sluicegate compare` finds out.
 */
import type { Estimate } from "../../../statistics/estimate.ts";
import type { HistoryPoint, Mark } from "../history.ts";

/** Minutes with traffic, in order. */
export interface Sides {
  readonly before: readonly HistoryPoint[];
  readonly after: readonly HistoryPoint[];
}

export interface JudgeInput extends Sides {
  readonly mark: Mark;
  /** The same hours a week earlier, as points of an hour; `null` where there are none. */
  readonly lastWeek: Sides | null;
  /** What is smaller does not matter: a share of the time before, and milliseconds. Both must be exceeded. */
  readonly smallestEffect: { readonly share: number; readonly ms: number };
}

/** `up`: suspected to be more than before; `same`: nothing suspected; `unknown`: nobody tells, or it cannot be told. */
export type Direction = "up" | "down" | "same" | "unknown";

/** The service's own time of accepted uploads, like for like by cache state. */
export interface TimeChange {
  readonly direction: Direction;
  /** Medians; `null` where nobody told. */
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
  /** As a share of before: 0.31 is 31 % more; its interval may be infinite. */
  readonly change: Estimate | null;
  /** What the same hours brought last week, already taken off `change`; `null` where that is not known. */
  readonly usualChange: number | null;
}

/** Wrong and failed answers among all that were judged. */
export interface ErrorChange {
  readonly direction: Direction;
  readonly before: { readonly count: number; readonly of: number };
  readonly after: { readonly count: number; readonly of: number };
}

/** Database calls of a request: medians of the minutes' means. */
export interface CallChange {
  readonly direction: Direction;
  readonly before: number | null;
  readonly after: number | null;
}

/** Share of answers out of a cache, of those that tell. */
export interface CacheChange {
  readonly direction: Direction;
  readonly hitShareBefore: number | null;
  readonly hitShareAfter: number | null;
}

export interface MarkJudgement {
  readonly mark: Mark;
  /** `not-enough`: too little traffic before or since; `worse` where anything got worse; `different`: only calls or the cache mix moved. */
  readonly verdict: "not-enough" | "same" | "worse" | "better" | "different";
  /** Why there is not enough, in words; `null` where there is. */
  readonly missing: string | null;
  readonly time: TimeChange;
  readonly errors: ErrorChange;
  readonly databaseCalls: CallChange;
  readonly cache: CacheChange;
  /** One or two sentences to be read as they are. */
  readonly sentence: string;
}
