/**
 * Whether errors, database calls or the cache mix have changed: judged beside time, since what fails quickly is not fast.
 */
import { differenceOfShares, shareInterval } from "../../../statistics/difference-of-shares.ts";
import { medianOf } from "../../../statistics/quantile.ts";
import { shiftOfSamples } from "../../../statistics/shift-of-samples.ts";
import type { HistoryPoint } from "../history.ts";
import type { CacheChange, CallChange, ErrorChange, Sides } from "./mark-judgement.ts";
import { isBeyondInMostWindows } from "./windows.ts";

const CONFIDENCE = 0.95;
/** Half a call in a request, and a tenth of the calls: less does not matter. */
const CALLS_MIN = 0.5;
const CALLS_SHARE_MIN = 0.1;
/** Five points of the mix. */
const MIX_SHARE = 0.05;
const ANSWERS_MIN = 30;

/** Wrong and failed among all that have an outcome; what a client broke off counts for neither. */
export function judgeErrors({ before, after }: Sides): ErrorChange {
  const [early, late] = [errorsOf(before), errorsOf(after)];
  const { low, high } = differenceOfShares(early, late, CONFIDENCE);
  const usual = shareInterval(early, CONFIDENCE);
  const share = (points: readonly HistoryPoint[]): number => {
    const { count, of } = errorsOf(points);
    return of === 0 ? usual.estimate : count / of;
  };
  const direction =
    low > 0 && isBeyondInMostWindows(after, (points) => share(points) > usual.high)
      ? "up"
      : high < 0 && isBeyondInMostWindows(after, (points) => share(points) < usual.low)
        ? "down"
        : "same";
  return { direction, before: early, after: late };
}

export function judgeCalls({ before, after }: Sides): CallChange {
  const [early, late] = [callsOf(before), callsOf(after)];
  const [usual, now] = [medianOf(early), medianOf(late)];
  const shift = shiftOfSamples(early, late, CONFIDENCE);
  if (usual === null || now === null || shift === null)
    return { direction: "unknown", before: usual, after: now };
  const matters = Math.abs(shift.estimate) >= Math.max(CALLS_MIN, CALLS_SHARE_MIN * usual);
  const direction = matters && shift.low > 0 ? "up" : matters && shift.high < 0 ? "down" : "same";
  return { direction, before: usual, after: now };
}

/** Of answers that tell of a cache. */
export function judgeCache({ before, after }: Sides): CacheChange {
  const [early, late] = [hitShareOf(before), hitShareOf(after)];
  if (early === null || late === null)
    return { direction: "unknown", hitShareBefore: early, hitShareAfter: late };
  const moved = late - early;
  const direction = moved > MIX_SHARE ? "up" : moved < -MIX_SHARE ? "down" : "same";
  return { direction, hitShareBefore: early, hitShareAfter: late };
}

function errorsOf(points: readonly HistoryPoint[]): { readonly count: number; readonly of: number } {
  let [count, of] = [0, 0];
  for (const { outcomes } of points) {
    const errors = (outcomes.failed ?? 0) + (outcomes.wrong ?? 0);
    count += errors;
    of += errors + (outcomes.accepted ?? 0) + (outcomes.refused ?? 0);
  }
  return { count, of };
}

const callsOf = (points: readonly HistoryPoint[]): number[] =>
  points.flatMap(({ databaseCalls }) => (databaseCalls === null ? [] : [databaseCalls.mean]));

function hitShareOf(points: readonly HistoryPoint[]): number | null {
  let [hits, told] = [0, 0];
  for (const { cache } of points) {
    hits += cache.hit ?? 0;
    told += (cache.hit ?? 0) + (cache.miss ?? 0) + (cache.bypass ?? 0);
  }
  return told < ANSWERS_MIN ? null : hits / told;
}
