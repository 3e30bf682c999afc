/**
 * What a grant or the service's yes says that is narrower than the flow: from named values to a `Narrowing`.
 *
 * In: values as they came out of JSON. Out: what they mean, or which of them means nothing. Always holds: a limit that cannot be read is never
 * passed over, since that would allow more than was meant.
 */
import type { Narrowing } from "./caller.ts";

/** The names in tokens and in JSON answers. */
export const NARROWING_NAMES = ["max_bytes", "max_files", "types", "sha256"] as const;

export type NarrowingName = (typeof NARROWING_NAMES)[number];

export type NarrowingReading =
  | { readonly ok: true; readonly narrowing: Narrowing | null }
  | { readonly ok: false; readonly name: NarrowingName; readonly expected: string };

const TYPES_MAX = 50;

const EXPECTED: Readonly<Record<NarrowingName, string>> = {
  max_bytes: "a whole number of bytes, 0 or more",
  max_files: "a whole number, 1 or more",
  types: `a list of 1 to ${TYPES_MAX} media types such as "image/png", in lower case and without parameters`,
  sha256: "64 lower-case hexadecimal digits",
};

/** RFC 6838 section 4.2: `restricted-name`. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&\-^_.+]{0,126}\/[a-z0-9][a-z0-9!#$&\-^_.+]{0,126}$/;

const IS_GOOD: Readonly<Record<NarrowingName, (value: unknown) => boolean>> = {
  max_bytes: (value) => isWholeNumber(value, 0),
  max_files: (value) => isWholeNumber(value, 1),
  types: (value) =>
    Array.isArray(value) && value.length > 0 && value.length <= TYPES_MAX && value.every(isMediaType),
  sha256: (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
};

/**
 * Reads the four members; one that is absent or `null` narrows nothing, as services write it that know only some of them.
 * @returns `narrowing` `null` where nothing is narrowed; or the first member that cannot be read, and what it should be
 */
export function readNarrowing(members: Readonly<Record<string, unknown>>): NarrowingReading {
  const said = NARROWING_NAMES.filter((name) => members[name] !== undefined && members[name] !== null);
  const bad = said.find((name) => !IS_GOOD[name](members[name]));
  if (bad !== undefined) return { ok: false, name: bad, expected: EXPECTED[bad] };
  const narrowing: Narrowing = {
    fileBytesMax: numberOf(members.max_bytes),
    filesMax: numberOf(members.max_files),
    types: Array.isArray(members.types) ? members.types.map(String) : null,
    sha256: typeof members.sha256 === "string" ? members.sha256 : null,
  };
  return { ok: true, narrowing: said.length === 0 ? null : narrowing };
}

/** Whether `later` allows something less than `earlier` did: what passed under the one may not pass under the other. */
export function isNarrower(later: Narrowing | null, earlier: Narrowing | null): boolean {
  if (later === null) return false;
  return (
    isLess(later.fileBytesMax, earlier?.fileBytesMax ?? null) ||
    isLess(later.filesMax, earlier?.filesMax ?? null) ||
    (later.sha256 !== null && later.sha256 !== (earlier?.sha256 ?? null)) ||
    hasFewer(later.types, earlier?.types ?? null)
  );
}

const isLess = (later: number | null, earlier: number | null): boolean =>
  later !== null && (earlier === null || later < earlier);

const hasFewer = (later: readonly string[] | null, earlier: readonly string[] | null): boolean =>
  later !== null && (earlier === null || earlier.some((type) => !later.includes(type)));

const numberOf = (value: unknown): number | null => (typeof value === "number" ? value : null);

const isWholeNumber = (value: unknown, least: number): boolean =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least;

const isMediaType = (value: unknown): boolean => typeof value === "string" && MEDIA_TYPE.test(value);
