/** Rates: `10/min` is ten in any sixty seconds. */
import { DURATION_UNITS } from "./duration.ts";
import { didYouMean } from "./nearest-word.ts";
import { describeWritten, listWords, misread, type Reading, read } from "./reading.ts";

/** So many in so long. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const PATTERN = /^(\d{1,9}) ?\/ ?([A-Za-z]+)$/;
const UNITS = Object.keys(DURATION_UNITS).filter((unit) => unit !== "ms");

/** For editors; `readRate` decides. */
export const RATE_PATTERN = "^[0-9]+ ?/ ?(s|min|h|d)$";

/** Reads a rate: a whole number, a slash, a unit of time. */
export function readRate(written: unknown): Reading<Rate> {
  if (typeof written === "number") {
    return misread(
      `${written} has no unit; write a rate such as 10/min. Known units: ${listWords(UNITS, "and")}.`,
    );
  }
  const [, digits, unit] = typeof written === "string" ? (PATTERN.exec(written) ?? []) : [];
  if (digits === undefined || unit === undefined) {
    return misread(`${describeWritten(written)} is not a rate; write it like 10/min.`);
  }
  const perMs = DURATION_UNITS[unit];
  if (perMs === undefined || !UNITS.includes(unit)) {
    return misread(
      `"${unit}" is not a unit of a rate.${didYouMean(unit, UNITS)} Known units: ${listWords(UNITS, "and")}.`,
    );
  }
  if (Number(digits) === 0) return misread("a rate of 0 would refuse everything; write at least 1.");
  return read({ count: Number(digits), perMs });
}
