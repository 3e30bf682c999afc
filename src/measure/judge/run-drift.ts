/**
 * Where the first arm went by itself while the run lasted: a host that slows down, a table that grows. Pairs absorb it up to a point.
 */
import { medianOf } from "../../statistics/quantile.ts";
import type { PairPoint } from "../comparison.ts";

/** From here on nothing that was seen says anything of another hour. */
export const DRIFT_MAX = 0.25;

/** The change of A's time from the first to the last third of the run, as a share; `null` with fewer than six pairs. */
export function driftOf(points: readonly PairPoint[]): number | null {
  const times = points.map(({ a }) => a).filter((ms) => ms !== null);
  const third = Math.floor(times.length / 3);
  if (third < 2) return null;
  const [first, last] = [medianOf(times.slice(0, third)), medianOf(times.slice(-third))];
  return first === null || last === null ? null : last / first - 1;
}
