/**
 * The load of one segment: the same schedule for both arms of a pair, another for each pair, bounded.
 */
import type { LoadPlan } from "../measurement.ts";
import { type ComparePlan, REPEAT_SHARE } from "./compare-plan.ts";
import type { CompareRequest } from "./compare-request.ts";

/** Of all segments together a comparison may take hours; one may not. */
const SEGMENT_MS_FACTOR = 3;
const SENT_BYTES_MAX = 4 * 1024 ** 3;
const STAGE_SEEDS = { noise: 1_000_003, pairs: 2_000_003, "second-lap": 3_000_017 } as const;

export interface SegmentPlans {
  readonly cold: LoadPlan;
  readonly warm: LoadPlan | null;
}

/** The plans of a pair. */
export function segmentPlans(
  { seed, timeoutMs }: Pick<CompareRequest, "seed" | "timeoutMs">,
  { ratePerSecond, requests, warmUpRequests, hasWarmPhase }: ComparePlan,
  stage: keyof typeof STAGE_SEEDS,
  pair: number,
): SegmentPlans {
  const all = requests + warmUpRequests;
  const cold: LoadPlan = {
    ratePerSecond,
    requests,
    warmUpRequests,
    seed: (seed + STAGE_SEEDS[stage] + pair * 7919) % 2 ** 31,
    phase: "cold",
    repeatShare: REPEAT_SHARE,
    timeoutMs,
    requestsMax: 3 * all,
    sentBytesMax: SENT_BYTES_MAX,
    elapsedMsMax: Math.round((all / ratePerSecond) * 1000 * SEGMENT_MS_FACTOR + 2 * timeoutMs),
  };
  return { cold, warm: hasWarmPhase ? { ...cold, phase: "warm", repeatShare: 0 } : null };
}
