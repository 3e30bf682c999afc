/**
 * A number with a unit, as people write it: `5 MiB`, `24h`, `800 ms`. The number comes first, at most one space between; decimals
 * with a point. Units are told apart by case only where that matters to them.
 */
import { nearestWord } from "./nearest-word.ts";
import { describeWritten, listWords, misread, type Reading, read } from "./reading.ts";

/** What kind of quantity is read; `factors` in reading order, each times the base unit. */
export interface QuantityKind {
  /** With its article: `a size`. */
  readonly name: string;
  readonly example: string;
  readonly factors: Readonly<Record<string, number>>;
}

const PATTERN = /^(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z%µ]*)$/;

/**
 * Reads a quantity into its base unit.
 * @returns a whole, safe number of base units; a sentence where there is no unit, an unknown unit, or a fraction of the base unit.
 */
export function readQuantity(written: unknown, kind: QuantityKind): Reading<number> {
  const units = Object.keys(kind.factors);
  if (typeof written === "number") return misread(noUnit(String(written), kind));
  if (typeof written !== "string") {
    return misread(`expected ${kind.name} such as ${kind.example}, found ${describeWritten(written)}.`);
  }
  const [, digits, unit] = PATTERN.exec(written) ?? [];
  if (digits === undefined || unit === undefined) {
    return misread(`${describeWritten(written)} is not ${kind.name}; write it like ${kind.example}.`);
  }
  if (unit === "") return misread(noUnit(digits, kind));
  const factor = kind.factors[unit];
  if (factor === undefined) return misread(unknownUnit(unit, units, kind));
  return wholeNumber(Number(digits) * factor, written, kind);
}

function noUnit(digits: string, kind: QuantityKind): string {
  return `${digits} has no unit; write ${kind.name} such as ${kind.example}. Known units: ${listWords(Object.keys(kind.factors), "and")}.`;
}

function unknownUnit(unit: string, units: readonly string[], kind: QuantityKind): string {
  const nearest =
    units.find((known) => known.toLowerCase() === unit.toLowerCase()) ?? nearestWord(unit, units);
  const hint = nearest === null ? "" : ` Did you mean "${nearest}"?`;
  return `${JSON.stringify(unit)} is not a unit of ${kind.name.replace(/^an? /, "")}.${hint} Known units: ${listWords(units, "and")}.`;
}

function wholeNumber(amount: number, written: string, kind: QuantityKind): Reading<number> {
  const rounded = Math.round(amount);
  if (Math.abs(amount - rounded) > 1e-6 || !Number.isSafeInteger(rounded)) {
    return misread(
      `${JSON.stringify(written)} is too fine or too large for ${kind.name}; write it like ${kind.example}.`,
    );
  }
  return read(rounded);
}
