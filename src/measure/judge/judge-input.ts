/**
 * What a comparison is judged by: the requests of its pairs, how the generator did, what the two arms were, and what was asked. All of it can be
 * read back from an evidence folder, so a comparison can be judged again.
 *
 * Always holds: nothing here is a result; a judgement reads no clock and no file.
 */
import type { FlowMeasure } from "../../flows/flow.ts";
import type { CacheState } from "../../signals/request-signal.ts";
import type { Comparison } from "../comparison.ts";
import type { MeasuredOutcome } from "../measured-request.ts";
import type { Fingerprint, Segment } from "../measurement.ts";

/** Two segments back to back, with the same schedule of arrivals. Requests keep the `arm` and `pair` of their segment; warm-up may be among them. */
export interface SegmentPair {
  /** From 0, in the order in which they ran. */
  readonly pair: number;
  /** Which of the two ran first, by a balanced coin. */
  readonly order: "ab" | "ba";
  readonly a: Segment;
  readonly b: Segment;
}

/** One of the two things that are compared. */
export interface JudgedArm {
  readonly label: string;
  readonly target: string;
  /** As it was at the first segment. */
  readonly fingerprint: Fingerprint;
  /** Keys that had another value at a later segment of this arm, with both: a deployment in the middle, a changed setting. */
  readonly changedMeanwhile: readonly {
    readonly key: string;
    readonly from: string | null;
    readonly to: string | null;
  }[];
}

/** What two segments of one and the same arm showed: kept beside a fingerprint, good for a day (`noiseOfPairs` makes it). */
export interface StoredNoise {
  readonly quantile: "p50" | "p95";
  readonly of: "app" | "client";
  /** ln(second/first) of each pair. */
  readonly changes: readonly number[];
  /** Unix milliseconds. */
  readonly measuredAtMs: number;
}

/** Pairs of the arm A with itself, or what such pairs showed within the last 24 hours with the same fingerprint; `null`: nobody looked. */
export type NoiseInput =
  | { readonly kind: "pairs"; readonly pairs: readonly SegmentPair[] }
  | { readonly kind: "stored"; readonly noise: StoredNoise }
  | null;

/** What `cache.*` as the variable has to show beside time. `null`: nobody looked, which is said in the result. */
export interface CacheProof {
  /** Answers from the cache say the same as answers that were made. */
  readonly isHitBodyEqual: boolean | null;
  /** Somebody was given an answer that was made for somebody else. */
  readonly isHitAcrossUsers: boolean | null;
}

/** Everything that `judgeComparison` reads. */
export interface JudgeInput {
  readonly id: string;
  readonly flow: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly program: string;
  readonly arms: { readonly a: JudgedArm; readonly b: JudgedArm };
  /** The one key of the fingerprint that may differ; `cache.*`: a cache is what was changed. */
  readonly variable: string;
  /** Keys beside the variable that may differ by their nature and are only told: a port, a process id. */
  readonly ignoredKeys: readonly string[];
  /** Every payload new: the phase that decides. */
  readonly cold: readonly SegmentPair[];
  /** Payloads primed once, then repeated; empty where no cache is declared. */
  readonly warm: readonly SegmentPair[];
  /** Cold pairs of a second lap, after the named cache alone was cleared; empty where nothing was cleared. */
  readonly secondLap: readonly SegmentPair[];
  readonly noise: NoiseInput;
  readonly cacheProof: CacheProof | null;
  readonly measure: FlowMeasure;
  /** Of a request, in milliseconds: timeouts count as failed and enter times as this. */
  readonly timeoutMs: number;
  /** The hoped relative change, −0.2 for a fifth less; `null` where nobody said. */
  readonly expected: number | null;
  /** Pairs that the plan holds when both looks are taken. */
  readonly pairsPlanned: number;
  /** The first look is at half of them, the second at all; each has its own share of the error. */
  readonly look: 1 | 2;
  /** Of the permutations, so that judging again gives the same. */
  readonly seed: number;
  /** Taken over as they are. */
  readonly cleared: Comparison["cleared"];
  readonly commands: readonly string[];
  readonly rollback: string | null;
  readonly evidenceSha256: string;
}

/** One request of a service's or a gate's log. */
export interface LoggedRequest {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly outcome: MeasuredOutcome;
  /** The service's own time, in milliseconds; `null` where the log has none. */
  readonly appMs: number | null;
  readonly cache: CacheState;
  readonly databaseCalls: number | null;
}

/** What `judgeLogs` reads: two stretches of real traffic, in which nobody has changed one thing at a time. */
export interface JudgeLogsInput
  extends Pick<
    JudgeInput,
    | "id"
    | "flow"
    | "startedAtMs"
    | "elapsedMs"
    | "program"
    | "arms"
    | "variable"
    | "ignoredKeys"
    | "measure"
    | "expected"
    | "seed"
    | "commands"
    | "rollback"
    | "evidenceSha256"
  > {
  readonly a: readonly LoggedRequest[];
  readonly b: readonly LoggedRequest[];
}
