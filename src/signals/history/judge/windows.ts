/**
 * Three windows of the time since, and whether something holds in two of them: a single bad moment is no change.
 */
import type { HistoryPoint } from "../history.ts";

const WINDOWS = 3;
const MOST = 2;

/** Whether it holds in at least two of three windows with equally many minutes. */
export function isBeyondInMostWindows(
  points: readonly HistoryPoint[],
  isBeyond: (window: readonly HistoryPoint[]) => boolean,
): boolean {
  return windowsOf(points).filter(isBeyond).length >= MOST;
}

function windowsOf(points: readonly HistoryPoint[]): readonly (readonly HistoryPoint[])[] {
  return Array.from({ length: WINDOWS }, (_, index) =>
    points.slice(
      Math.round((points.length * index) / WINDOWS),
      Math.round((points.length * (index + 1)) / WINDOWS),
    ),
  );
}
