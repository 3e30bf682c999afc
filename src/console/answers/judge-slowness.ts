/**
 * Whether a flow's uploads are slow, by the service's own time: beside what the flow promises, else beside the hours before.
 *
 * Always holds: one slow window is chance, two of the last three are not; few uploads are judged by their median, since nobody can tell a p95 from
 * them; a fault that lasts does not become what is normal, as the hours compared with end before the last hour and their median counts.
 */
import type { HistoryPoint } from "../../signals/history/history.ts";

/** So many make a p95 worth its name. */
export const COUNT_FOR_P95 = 20;
/** Windows that are looked at together, and how many of them must be slow. */
const WINDOWS = 3;
const SLOW_WINDOWS = 2;
/** The error of a quantile read from a sketch. */
const SKETCH_ERROR = 1.02;
const USUAL_RATIO = 1.5;
const USUAL_STEP_MS = 50;
const USUAL_HOURS_MIN = 3;

export interface SpeedInput {
  /** The last hour in windows of some minutes, oldest first. */
  readonly windows: readonly HistoryPoint[];
  /** The last hour as one. */
  readonly hour: HistoryPoint | null;
  /** The hours before the last one. */
  readonly earlier: readonly HistoryPoint[];
  readonly limitMs: number | null;
}

/**
 * - `none`: no accepted upload in the last hour; `few`: too few to say; `unknown`: nothing to compare with;
 * - `fine`, `slow`: beside `against`, which is `limitMs` of the promise or of what is usual.
 */
export interface Speed {
  readonly kind: "none" | "few" | "unknown" | "fine" | "slow";
  /** `p50` where there are too few for a p95. */
  readonly measured: { readonly of: "p95" | "p50"; readonly ms: number; readonly count: number } | null;
  readonly against: { readonly kind: "promise" | "usual"; readonly limitMs: number } | null;
  /** Since when it has been slow without a break; `null` where it is not. */
  readonly sinceMs: number | null;
  /** Whether it has been slow for all of the time that was looked at. */
  readonly isSinceBefore: boolean;
}

/** Judges one flow. */
export function judgeSpeed(input: SpeedInput): Speed {
  const times = input.hour?.appMs ?? null;
  if (times === null || times.count === 0)
    return { kind: "none", measured: null, against: null, sinceMs: null, isSinceBefore: false };
  const against = comparedWith(input);
  const judged = slowNow(input, against);
  const isEnough = times.count >= COUNT_FOR_P95;
  const measured = isEnough
    ? { of: "p95" as const, ms: judged.p95 ?? times.p95, count: times.count }
    : { of: "p50" as const, ms: times.p50, count: times.count };
  const rest = { measured, against, sinceMs: judged.sinceMs, isSinceBefore: judged.isSinceBefore };
  if (against === null) return { ...rest, kind: isEnough ? "unknown" : "few" };
  if (judged.isSlow) return { ...rest, kind: "slow" };
  return { ...rest, kind: isEnough ? "fine" : "few" };
}

function comparedWith({ limitMs, earlier }: SpeedInput): Speed["against"] {
  if (limitMs !== null) return { kind: "promise", limitMs };
  const usual = earlier.flatMap(({ appMs }) =>
    appMs !== null && appMs.count >= COUNT_FOR_P95 ? [appMs.p95] : [],
  );
  if (usual.length < USUAL_HOURS_MIN) return null;
  const middle = usual.toSorted((a, b) => a - b)[Math.floor(usual.length / 2)] ?? 0;
  return { kind: "usual", limitMs: Math.max(middle * USUAL_RATIO, middle + USUAL_STEP_MS) };
}

interface Judged {
  readonly isSlow: boolean;
  readonly p95: number | null;
  readonly sinceMs: number | null;
  readonly isSinceBefore: boolean;
}

const NOT_SLOW: Judged = { isSlow: false, p95: null, sinceMs: null, isSinceBefore: false };

function slowNow({ windows, hour }: SpeedInput, against: Speed["against"]): Judged {
  const limitMs = (against?.limitMs ?? Number.POSITIVE_INFINITY) * SKETCH_ERROR;
  const seen = windows.filter(({ appMs }) => (appMs?.count ?? 0) > 0);
  const last = seen.slice(-WINDOWS);
  const slow = last.filter((window) => isSlow(window, limitMs));
  const isSlowNow =
    last.length < WINDOWS
      ? hour !== null && isSlow(hour, limitMs) && slow.length === last.length
      : slow.length >= SLOW_WINDOWS && (hour?.appMs?.count ?? 0) > 0;
  if (!isSlowNow) return NOT_SLOW;
  const begin = beginOfRun(seen, limitMs);
  return {
    isSlow: true,
    p95: largest(slow),
    sinceMs: seen[begin]?.fromMs ?? null,
    isSinceBefore: begin === 0 && seen[0] === windows[0],
  };
}

/** With few uploads in it, a window is slow where at least half of them were. */
function isSlow({ appMs }: HistoryPoint, limitMs: number): boolean {
  if (appMs === null) return false;
  return (appMs.count >= COUNT_FOR_P95 ? appMs.p95 : appMs.p50) > limitMs;
}

/** Index of the first window of the slow run that reaches to now; one window that was not slow does not end it. */
function beginOfRun(seen: readonly HistoryPoint[], limitMs: number): number {
  let begin = seen.length - 1;
  let quick = 0;
  for (let at = seen.length - 1; at >= 0 && quick < SLOW_WINDOWS; at -= 1) {
    const window = seen[at];
    if (window !== undefined && isSlow(window, limitMs)) {
      begin = at;
      quick = 0;
    } else quick += 1;
  }
  return begin;
}

function largest(windows: readonly HistoryPoint[]): number | null {
  const times = windows.flatMap(({ appMs }) => (appMs === null ? [] : [appMs.p95]));
  return times.length === 0 ? null : Math.max(...times);
}
