/** Days as they are written: `2026-11-22`. */
import { describeWritten, misread, type Reading, read } from "../setup/reading.ts";

/** Reads a day that there is in the calendar. */
export function readDay(written: unknown): Reading<string> {
  const date =
    typeof written === "string" && /^\d{4}-\d{2}-\d{2}$/.test(written)
      ? new Date(`${written}T00:00:00Z`)
      : null;
  const isDay =
    date !== null && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(String(written));
  return isDay
    ? read(String(written))
    : misread(`${describeWritten(written)} is not a day; write it like 2026-11-22.`);
}

/** Whole days from one day to another; negative where the other is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
