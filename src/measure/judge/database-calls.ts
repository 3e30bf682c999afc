/**
 * How often a request asked the database: the usual count, how usual it is, the mean, the most.
 */
import type { Measurement } from "../measurement.ts";

/** Of counts, one a request; `null` where no answer told one. */
export function databaseCallsOf(counts: readonly number[]): Measurement["databaseCalls"] {
  if (counts.length === 0) return null;
  const seen = new Map<number, number>();
  for (const count of counts) seen.set(count, (seen.get(count) ?? 0) + 1);
  const [mode, times] = [...seen].reduce((best, each) => (each[1] > best[1] ? each : best));
  return {
    mode,
    modeShare: times / counts.length,
    mean: counts.reduce((sum, each) => sum + each, 0) / counts.length,
    max: counts.reduce((one, other) => Math.max(one, other)),
  };
}
