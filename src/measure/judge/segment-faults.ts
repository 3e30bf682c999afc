/**
 * What makes the figures of a segment worthless: a generator that was late or busy, and segments that ended early.
 */
import type { SegmentHealth } from "../measured-request.ts";

const LAG_MS_MAX = 5;
const LAG_SHARE_MAX = 0.05;
const BUSY_SHARE_MAX = 0.8;
const COMPLETE_SHARE_MIN = 0.95;

/** What is told of a segment: its median alone, or its tail as well. */
export type ToldOf = "median" | "tail";

/**
 * Sentences, one a fault; none where the figures hold.
 * @param p50Ms  median of the total time in that segment; `null` where there is none.
 */
export function segmentFaults(health: SegmentHealth, p50Ms: number | null, told: ToldOf): readonly string[] {
  const incomplete = incompleteFault(health);
  const faults = generatorFaults(health, p50Ms, told);
  return incomplete === null ? faults : [...faults, incomplete];
}

/** Faults of this machine, which is too slow for its own schedule. */
export function generatorFaults(
  health: SegmentHealth,
  p50Ms: number | null,
  told: ToldOf,
): readonly string[] {
  const lagMax = Math.max(LAG_MS_MAX, LAG_SHARE_MAX * (p50Ms ?? 0));
  const { sendLagP90Ms = health.sendLagP99Ms, sendLagP99Ms } = health;
  const [share, lag] = told === "median" ? ["1 in 10", sendLagP90Ms] : ["1 in 100", sendLagP99Ms];
  const faults: string[] = [];
  if (lag > lagMax)
    faults.push(
      `Requests were sent too late: ${share} by more than ${lag.toFixed(1)} ms, where ${lagMax.toFixed(1)} ms can be borne. This machine is too busy to measure.`,
    );
  if (health.busyShare > BUSY_SHARE_MAX)
    faults.push(
      `The load generator was busy ${Math.round(health.busyShare * 100)} % of the time, so that it may have measured itself; at most 80 % can be borne.`,
    );
  return faults;
}

/** Too many requests have no end: the segment was stopped. */
export function incompleteFault(health: SegmentHealth): string | null {
  if (health.completeShare >= COMPLETE_SHARE_MIN) return null;
  const why = health.stopped === null ? "" : ` (${health.stopped})`;
  return `Only ${Math.floor(health.completeShare * 100)} % of the requests came to an end${why}; 95 % are needed.`;
}
