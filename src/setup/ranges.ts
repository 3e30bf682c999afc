/**
 * Quantities that must lie in a range, both ends included, as schemas.
 */
import type { z } from "zod";
import { DURATION_PATTERN, formatDuration, readDuration } from "./duration.ts";
import { misread, type Reading } from "./reading.ts";
import { value } from "./schema.ts";
import { formatSize, readSize, SIZE_PATTERN } from "./size.ts";

/** What a quantity in a range says of itself. */
export interface Ranged {
  readonly description: string;
  readonly min: number;
  readonly max: number;
  /** As it would be written here: `30s`. */
  readonly example: string;
}

/** A duration; `min` and `max` in milliseconds. */
export function durationIn(range: Ranged): z.ZodType<number> {
  return quantityIn(range, readDuration, formatDuration, { noun: "a duration", pattern: DURATION_PATTERN });
}

/** A size; `min` and `max` in bytes. */
export function sizeIn(range: Ranged): z.ZodType<number> {
  return quantityIn(range, readSize, formatSize, { noun: "a size", pattern: SIZE_PATTERN });
}

/** Any quantity. @param noun with its article, for `write a duration such as 30s.` */
export function quantityIn(
  { description, min, max, example }: Ranged,
  readQuantity: (written: unknown) => Reading<number>,
  format: (amount: number) => string,
  { noun, pattern }: { readonly noun: string; readonly pattern: string },
): z.ZodType<number> {
  const readInRange = (written: unknown): Reading<number> => {
    const reading = readQuantity(written);
    if (!reading.ok || (reading.value >= min && reading.value <= max)) return reading;
    return misread(`this must be from ${format(min)} to ${format(max)}.`);
  };
  const editor = { description, type: "string", pattern, examples: [example] };
  return value(readInRange, `write ${noun} such as ${example}.`, editor);
}
