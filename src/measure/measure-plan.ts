/**
 * How much is sent in one measurement, from what was asked for and what is known of the route.
 *
 * Always holds: no plan sends more requests, bytes or seconds than were allowed.
 */
import type { LoadPlan } from "./measurement.ts";

/** What was asked for; `null`: nobody said. */
export interface MeasureWish {
  readonly requests: number | null;
  /** How long the load is to last. */
  readonly elapsedMs: number | null;
  readonly sentBytesMax: number;
  readonly phase: "cold" | "warm";
  readonly timeoutMs: number;
  readonly seed: number;
}

const USUAL_MS = 30_000;
/** Enough for a p95 that means something, with some to spare. */
const USUAL_REQUESTS_MIN = 120;
const USUAL_REQUESTS_MAX = 2000;
/** Never more, whatever is asked for. */
export const REQUESTS_MAX = 20_000;
const WARM_UP_MAX = 10;
const WARM_UP_SECONDS = 2;
const REPEAT_SHARE = 0.1;

/** @param uploadBytes of one upload at most, about */
export function measurePlan(wish: MeasureWish, ratePerSecond: number, uploadBytes: number): LoadPlan {
  const { phase, seed, timeoutMs, sentBytesMax } = wish;
  const repeatShare = phase === "cold" ? REPEAT_SHARE : 0;
  const warmUpRequests = Math.max(1, Math.min(WARM_UP_MAX, Math.floor(ratePerSecond * WARM_UP_SECONDS)));
  const affordable = Math.floor((sentBytesMax / uploadBytes - warmUpRequests) / (1 + repeatShare));
  const wished = wishedRequests(wish, ratePerSecond, repeatShare);
  const requests = Math.max(1, Math.min(wished, affordable, REQUESTS_MAX));
  const all = Math.ceil(requests * (1 + repeatShare)) + warmUpRequests;
  return {
    ratePerSecond,
    requests,
    warmUpRequests,
    seed,
    phase,
    repeatShare,
    timeoutMs,
    requestsMax: all + 1,
    sentBytesMax,
    // Arrivals by chance take longer or shorter than on average.
    elapsedMsMax: Math.round((all / ratePerSecond) * 1500 + 2 * timeoutMs),
  };
}

function wishedRequests(
  { requests, elapsedMs }: MeasureWish,
  ratePerSecond: number,
  repeatShare: number,
): number {
  if (requests !== null) return requests;
  const inTime = Math.floor((ratePerSecond * (elapsedMs ?? USUAL_MS)) / 1000 / (1 + repeatShare));
  if (elapsedMs !== null) return Math.max(1, inTime);
  return Math.min(USUAL_REQUESTS_MAX, Math.max(USUAL_REQUESTS_MIN, inTime));
}

/** About how long it takes, in seconds. */
export function planSeconds({ requests, repeatShare, warmUpRequests, ratePerSecond }: LoadPlan): number {
  return (requests * (1 + repeatShare) + warmUpRequests) / ratePerSecond;
}
