/** Durations: `24h`, `800 ms`, `30s`. */
import { type QuantityKind, readQuantity } from "./quantity.ts";
import type { Reading } from "./reading.ts";

const DURATION: QuantityKind = {
  name: "a duration",
  example: "30s",
  factors: { ms: 1, s: 1e3, min: 60e3, h: 3600e3, d: 86_400e3 },
};

/** Reads a duration. @returns milliseconds. */
export function readDuration(written: unknown): Reading<number> {
  return readQuantity(written, DURATION);
}

/** For editors; `readDuration` decides. */
export const DURATION_PATTERN = "^[0-9]+(\\.[0-9]+)? ?(ms|s|min|h|d)$";

/** Units of time, in milliseconds, for what is said per unit. */
export const DURATION_UNITS: Readonly<Record<string, number>> = DURATION.factors;

/** A duration in the largest unit that leaves it whole: `90s`, `24h`, `800 ms`. */
export function formatDuration(ms: number): string {
  const unit = ["d", "h", "min", "s"].find((name) => ms > 0 && ms % (DURATION.factors[name] ?? 1) === 0);
  return unit === undefined ? `${ms} ms` : `${ms / (DURATION.factors[unit] ?? 1)} ${unit}`;
}
