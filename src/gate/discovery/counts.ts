/**
 * Counts by name with a bound on the names, since clients choose them.
 */
import type { Counts } from "./seen-route.ts";

const NAMES_MAX = 24;
const NAME_CHARS_MAX = 100;
const OTHER = "other";

/** Counts one more of a name; beyond the bound, and for long names, of `other`. */
export function countName(counts: Map<string, number>, name: string): void {
  const isTaken = counts.has(name) || (counts.size < NAMES_MAX && name.length <= NAME_CHARS_MAX);
  const counted = isTaken ? name : OTHER;
  counts.set(counted, (counts.get(counted) ?? 0) + 1);
}

export const countsOf = (counts: ReadonlyMap<string, number>): Counts => Object.fromEntries(counts);
