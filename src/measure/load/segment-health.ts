/**
 * How the generator itself did in one segment. All but `busyShare` can be computed again from the requests.
 */
import { quantileOf } from "../../statistics/quantile.ts";
import type { MeasuredRequest, SegmentHealth } from "../measured-request.ts";

export interface SegmentFacts
  extends Pick<SegmentHealth, "arm" | "pair" | "startedAtMs" | "elapsedMs" | "busyShare" | "stopped"> {
  /** How many measured requests were to be sent. */
  readonly planned: number;
}

/** @param requests of the segment; warm-up counts for nothing here */
export function segmentHealth(
  requests: readonly MeasuredRequest[],
  { planned, ...facts }: SegmentFacts,
): SegmentHealth {
  const measured = requests.filter(({ index }) => index >= 0);
  const lags = measured.flatMap(({ firstByteSentMs, intendedMs }) =>
    firstByteSentMs === null ? [] : [firstByteSentMs - intendedMs],
  );
  return {
    ...facts,
    elapsedMs: Math.round(facts.elapsedMs),
    busyShare: Math.round(facts.busyShare * 1000) / 1000,
    sendLagP99Ms: microseconds(quantileOf(lags, 0.99)),
    sendLagP90Ms: microseconds(quantileOf(lags, 0.9)),
    completeShare: planned === 0 ? 1 : measured.length / planned,
  };
}

const microseconds = (ms: number | null): number => Math.round((ms ?? 0) * 1000) / 1000;
