/**
 * How a range of time is cut into steps, and which rows cover it.
 */
import type { TimeRange } from "../history.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Each a whole number of the ones of rows; minutes that divide an hour, so that steps begin where hours do. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY_MS),
];

/** Rows of one kind, from a time (included) to another (excluded). */
export interface Span {
  readonly stepMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Steps {
  readonly stepMs: number;
  /** The beginning of the first step, which the range may begin within. */
  readonly fromMs: number;
  readonly count: number;
}

/** The smallest step of which at most `pointsMax` cover the range. */
export function stepFor({ fromMs, toMs }: TimeRange, pointsMax: number, stepMsMin: number): Steps {
  const most = Math.max(1, Math.trunc(pointsMax));
  const steps = STEPS_MS.filter((stepMs) => stepMs >= stepMsMin).map((stepMs) => {
    const first = Math.floor(fromMs / stepMs) * stepMs;
    return { stepMs, fromMs: first, count: Math.max(0, Math.ceil((toMs - first) / stepMs)) };
  });
  const fitting = steps.find(({ count }) => count <= most);
  if (fitting !== undefined) return fitting;
  const stepMs = Math.ceil((toMs - fromMs) / most / DAY_MS + 1) * DAY_MS;
  const first = Math.floor(fromMs / stepMs) * stepMs;
  return { stepMs, fromMs: first, count: Math.min(most, Math.ceil((toMs - first) / stepMs)) };
}

/**
 * Rows that together cover a range once: whole hours as hours, and what is left at its ends as minutes; as a whole hour where its minutes are gone.
 * @param hasMinutesFrom whether rows of minutes from this time on are still there
 */
export function coverOf(
  { fromMs, toMs }: TimeRange,
  hasMinutesFrom: (atMs: number) => boolean,
): readonly Span[] {
  const minuteFromMs = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS;
  const hasMinutes = hasMinutesFrom(minuteFromMs);
  const round = hasMinutes ? Math.ceil : Math.floor;
  const [firstMs, lastMs] = [round(fromMs / HOUR_MS) * HOUR_MS, Math.floor(toMs / HOUR_MS) * HOUR_MS];
  if (firstMs >= lastMs) {
    if (hasMinutes) return [{ stepMs: MINUTE_MS, fromMs: minuteFromMs, toMs }];
    return [{ stepMs: HOUR_MS, fromMs: firstMs, toMs }];
  }
  const spans: Span[] = [
    { stepMs: MINUTE_MS, fromMs: minuteFromMs, toMs: firstMs },
    { stepMs: HOUR_MS, fromMs: firstMs, toMs: lastMs },
    { stepMs: hasMinutesFrom(lastMs) ? MINUTE_MS : HOUR_MS, fromMs: lastMs, toMs },
  ];
  return spans.filter((span) => span.toMs > span.fromMs);
}
