/**
 * How a range of time is cut into steps, and which rows cover it.
 */
import type { TimeRange } from "../history.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

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
 * Rows that together cover a range once: whole days as days, whole hours beside them as hours, and what is left at the ends as minutes; as a whole hour where its minutes are gone.
 * @param hasMinutesFrom whether rows of minutes from this time on are still there
 */
export function coverOf(range: TimeRange, hasMinutesFrom: (atMs: number) => boolean): readonly Span[] {
  return coverBy([DAY_MS, HOUR_MS], range, hasMinutesFrom);
}

function coverBy(
  [stepMs, ...smaller]: readonly number[],
  { fromMs, toMs }: TimeRange,
  hasMinutesFrom: (atMs: number) => boolean,
): readonly Span[] {
  if (fromMs >= toMs) return [];
  if (stepMs === undefined) return [remainder(fromMs, toMs, hasMinutesFrom)];
  const [firstMs, lastMs] = [Math.ceil(fromMs / stepMs) * stepMs, Math.floor(toMs / stepMs) * stepMs];
  if (firstMs >= lastMs) return coverBy(smaller, { fromMs, toMs }, hasMinutesFrom);
  return [
    ...coverBy(smaller, { fromMs, toMs: firstMs }, hasMinutesFrom),
    { stepMs, fromMs: firstMs, toMs: lastMs },
    ...coverBy(smaller, { fromMs: lastMs, toMs }, hasMinutesFrom),
  ];
}

/** Less than an hour, or two pieces of hours with no whole one between. */
function remainder(fromMs: number, toMs: number, hasMinutesFrom: (atMs: number) => boolean): Span {
  const stepMs = hasMinutesFrom(fromMs) ? MINUTE_MS : HOUR_MS;
  return { stepMs, fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs };
}
