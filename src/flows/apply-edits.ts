/**
 * Parts of a text replaced by others; every other byte stays.
 */

/** Offsets in UTF-16 units; where start and end are the same, something is put in. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** @param edits that do not overlap, in any order; those at one place keep theirs */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let [result, from] = ["", 0];
  for (const { start, end, by } of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(from, start) + by;
    from = end;
  }
  return result + text.slice(from);
}

/** The whole line or lines around a part, line end included. */
export function linesAround(text: string, start: number, end: number): { start: number; end: number } {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", end);
  return { start: lineStart, end: lineEnd < 0 ? text.length : lineEnd + 1 };
}
