/** Byte rates: `256 B/s` is 256 bytes in a second. */
import { didYouMean } from "./nearest-word.ts";
import { describeWritten, misread, type Reading } from "./reading.ts";
import { readSize, SIZE_PATTERN } from "./size.ts";

const PATTERN = /^([^/]*?) ?\/ ?([A-Za-z]+)$/;

/** For editors; `readByteRate` decides. */
export const BYTE_RATE_PATTERN = SIZE_PATTERN.replace(/\$$/, " ?/ ?s$");

/** Reads a byte rate: a size, a slash, and `s`. @returns bytes a second. */
export function readByteRate(written: unknown): Reading<number> {
  if (typeof written === "number") return misread(`${written} has no unit; write it like 256 B/s.`);
  const [, size, unit] = typeof written === "string" ? (PATTERN.exec(written) ?? []) : [];
  if (size === undefined || unit === undefined) {
    const hint = readSize(written).ok ? ` Did you mean "${String(written)}/s"?` : "";
    return misread(
      `${describeWritten(written)} is not so many bytes a second; write it like 256 B/s.${hint}`,
    );
  }
  if (unit !== "s") {
    return misread(
      `"${unit}" is not a unit of a byte rate.${didYouMean(unit, ["s"])} It is told by the second: 256 B/s.`,
    );
  }
  return readSize(size);
}

/** A byte rate as somebody would write it: `256 B/s`. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${bytesPerSecond} B/s`;
}
