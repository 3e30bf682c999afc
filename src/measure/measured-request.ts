/**
 * One request of a measurement, as a line of `requests.ndjson`: everything that is computed can be computed again from these lines alone.
 */
import type { CacheState } from "../signals/request-signal.ts";

/**
 * What became of a request, judged against the recorded expectation: `accepted` with the promised answer; `refused` where that is promised; `wrong`: a 2xx that is not
 * the promised answer; `failed`: anything else, a timeout too.
 */
export type MeasuredOutcome = "accepted" | "refused" | "wrong" | "failed";

/** Times in milliseconds from the segment's beginning, on a monotonic clock; `null` where it did not come to that. */
export interface MeasuredRequest {
  /** Which segment: `a` and `b` of a comparison, `measure` alone, and its number among the pairs (from 0). */
  readonly arm: "a" | "b" | "measure";
  readonly pair: number;
  /** Number in its segment, from 0; warm-up requests have negative ones and are left out of all figures. */
  readonly index: number;
  /** When it was to be sent by the schedule: latencies count from here. */
  readonly intendedMs: number;
  readonly firstByteSentMs: number | null;
  readonly lastByteSentMs: number | null;
  readonly firstByteBackMs: number | null;
  readonly endedMs: number;
  readonly status: number | null;
  readonly outcome: MeasuredOutcome;
  /** Why it was `wrong` or `failed`, in words. */
  readonly reason: string | null;
  readonly sentBytes: number;
  /** Largest power of four that is not larger than the file's size: `4 KiB`, `16 KiB` … as bytes. */
  readonly sizeBucket: number;
  /** Digest of the payload before salting, and how often this very payload (salt included) has been sent, from 0. */
  readonly payload: string;
  readonly repeat: number;
  readonly phase: "cold" | "warm";
  readonly cache: CacheState;
  /** By name of the caches that told: `{"cdn": "hit"}`. */
  readonly caches: Readonly<Record<string, CacheState>>;
  readonly recvMs: number | null;
  readonly appMs: number | null;
  readonly databaseMs: number | null;
  readonly databaseCalls: number | null;
  readonly requestId: string | null;
}

/** How the generator itself did in one segment. Milliseconds and shares from 0 to 1. */
export interface SegmentHealth {
  readonly arm: MeasuredRequest["arm"];
  readonly pair: number;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  /** From the intended start to the first byte sent. */
  readonly sendLagP99Ms: number;
  /** The same for 9 in 10: where only a median is told, one late request in a hundred does not move it. */
  readonly sendLagP90Ms?: number;
  readonly busyShare: number;
  readonly completeShare: number;
  /** Why it ended before its time, or `null`. */
  readonly stopped: string | null;
}
