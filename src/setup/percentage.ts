/** Percentages: `0.1 %`. */
import { describeWritten, misread, type Reading, read } from "./reading.ts";

const PATTERN = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/;

/** For editors; `readPercentage` decides. */
export const PERCENTAGE_PATTERN = "^[0-9]+(\\.[0-9]+)? ?%$";

/** Reads a percentage from 0 to 100. @returns the percentage: `0.1 %` is 0.1. */
export function readPercentage(written: unknown): Reading<number> {
  if (typeof written === "number") {
    return misread(`${written} has no unit; write a percentage such as 0.1 %. The only unit is %.`);
  }
  const [, digits] = typeof written === "string" ? (PATTERN.exec(written) ?? []) : [];
  if (digits === undefined) {
    return misread(`${describeWritten(written)} is not a percentage; write it like 0.1 %.`);
  }
  return Number(digits) > 100 ? misread(`${digits} % is more than 100 %.`) : read(Number(digits));
}
