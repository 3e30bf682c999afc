/**
 * Segments as a load generator gives them, made from a seed and without sending: for the tests of this folder.
 */
import type { MeasuredRequest, SegmentHealth } from "../measured-request.ts";
import type { LoadGenerator, LoadPlan, Segment } from "../measurement.ts";

/** What a made service is like: milliseconds of its own work, by arm and number of the segment. */
export type MadeService = (
  origin: string,
  segment: number,
) => { readonly appMs: number; readonly status?: number };

/** A generator that answers at once, as a service would have. */
export function madeGenerator(service: MadeService): LoadGenerator & { readonly plans: LoadPlan[] } {
  const plans: LoadPlan[] = [];
  return {
    plans,
    run: async ({ arm, pair, origin, plan, signal, onProgress }) => {
      if (signal.aborted) return { health: healthOf(arm, pair), requests: [] };
      plans.push(plan);
      const { appMs, status = 201 } = service(origin, plans.length - 1);
      onProgress?.(plan.requests, plan.requests);
      return madeSegment(arm, pair, plan, appMs, status);
    },
    close: async () => {},
  };
}

export function madeSegment(
  arm: MeasuredRequest["arm"],
  pair: number,
  plan: Pick<LoadPlan, "requests" | "phase" | "ratePerSecond">,
  appMs: number,
  status = 201,
): Segment {
  const requests = Array.from({ length: plan.requests }, (_, index): MeasuredRequest => {
    const intendedMs = (index * 1000) / plan.ratePerSecond;
    const own = appMs * (1 + ((index * 7) % 11) / 50);
    return {
      arm,
      pair,
      index,
      intendedMs,
      firstByteSentMs: intendedMs + 0.1,
      lastByteSentMs: intendedMs + 0.5,
      firstByteBackMs: intendedMs + 0.7 + own,
      endedMs: intendedMs + 0.8 + own,
      status,
      outcome: status < 300 ? "accepted" : "failed",
      reason: status < 300 ? null : `answered ${status}`,
      sentBytes: 2048,
      sizeBucket: 1024,
      payload: "ab",
      repeat: 0,
      phase: plan.phase,
      cache: "unknown",
      caches: {},
      recvMs: 0.1,
      appMs: own,
      databaseMs: 1,
      databaseCalls: 3,
      requestId: null,
    };
  });
  return { health: healthOf(arm, pair), requests };
}

function healthOf(arm: MeasuredRequest["arm"], pair: number): SegmentHealth {
  return {
    arm,
    pair,
    startedAtMs: 1_700_000_000_000,
    elapsedMs: 1000,
    sendLagP99Ms: 0.5,
    busyShare: 0.1,
    completeShare: 1,
    stopped: null,
  };
}
