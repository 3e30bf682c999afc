/**
 * Where the first arm went by itself while the run lasted: a host that slows down, a table that grows. Pairs absorb it up to a point.
 *
 * Looked for at the usual upload (p50), which moves least by chance, and only told where it is more than chance.
 */
import { deviationOf, meanOf } from "../../statistics/spread.ts";
import type { PairPoint } from "../comparison.ts";

/** From here on nothing that was seen says anything of another hour. */
export const DRIFT_MAX = 0.25;
const ERRORS_MIN = 2;

/** The change of A's time from the first to the last third of the run, as a share; `null` where it is chance, or with fewer than six pairs. */
export function driftOf(points: readonly PairPoint[]): number | null {
  const times = points.flatMap(({ a }) => (a === null ? [] : [Math.log(a)]));
  const third = Math.floor(times.length / 3);
  if (third < 2) return null;
  const [first, last] = [times.slice(0, third), times.slice(-third)];
  const moved = meanOf(last) - meanOf(first);
  const within = Math.sqrt((deviationOf(first) ** 2 + deviationOf(last) ** 2) / third);
  return Math.abs(moved) < ERRORS_MIN * within ? null : Math.expm1(moved);
}
