/**
 * What reading one written value gives: the value, or the sentences that say what is wrong with it and what would be right.
 */

/** One sentence; `path` leads from the value to the part of it that is wrong. */
export interface Complaint {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly complaints: readonly Complaint[] };

export function read<T>(value: T): Reading<T> {
  return { ok: true, value };
}

export function misread(message: string): Reading<never> {
  return { ok: false, complaints: [{ path: [], message }] };
}

/** Reads every item of a list; all items that are wrong are told. */
export function readItems<T>(
  items: readonly unknown[],
  readItem: (item: unknown, index: number) => Reading<T>,
): Reading<readonly T[]> {
  const readings = items.map(readItem);
  const complaints = readings.flatMap((reading, index) =>
    reading.ok ? [] : reading.complaints.map(({ path, message }) => ({ path: [index, ...path], message })),
  );
  if (complaints.length > 0) return { ok: false, complaints };
  return read(readings.flatMap((reading) => (reading.ok ? [reading.value] : [])));
}

/** The same, where an item that is listed twice is wrong too. */
export function readDistinct<T>(
  items: readonly unknown[],
  readItem: (item: unknown) => Reading<T>,
): Reading<readonly T[]> {
  return readItems(items, (item, index) =>
    items.indexOf(item) < index ? misread(`${describeWritten(item)} is listed twice.`) : readItem(item),
  );
}

/** A written value named in a sentence: `"5 MB"`, `the number 5`, `a list`, `nothing`. Long text is cut. */
export function describeWritten(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "number" || typeof value === "bigint") return `the number ${value}`;
  if (typeof value === "boolean") return `the word ${value}`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return "a group of keys";
}

/** `a`, `a or b`, `a, b or c`. */
export function listWords(words: readonly string[], last = "or"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
