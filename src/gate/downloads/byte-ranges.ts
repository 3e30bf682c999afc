/**
 * Which part of a file a `Range` header asks for.
 *
 * Always: the result lies inside the file. Only one range is given as a part: a header with several is answered as if it were not there
 * (RFC 9110 section 14.2 allows that), so that no combination of many, overlapping or tiny ranges costs more than the file itself.
 * Not here: whether the header counts at all (`preconditions.ts`).
 */

export type RangeReading =
  | { readonly kind: "whole" }
  /** Both inclusive. */
  | { readonly kind: "part"; readonly first: number; readonly last: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RangeReading = { kind: "whole" };

/** RFC 9110 section 14.1: the name of a unit is case-insensitive, and other units are ignored. */
const BYTES = /^bytes=(.*)$/i;
/** RFC 9110 section 14.1.1. */
const INT_RANGE = /^(\d+)-(\d*)$/;
const SUFFIX_RANGE = /^-(\d+)$/;

/**
 * Reads a `Range` header.
 * @param header as it came, `undefined` without one. What does not fit the grammar is ignored, as RFC 9110 section 14.2 says.
 */
export function readRange(header: string | undefined, sizeBytes: number): RangeReading {
  const set = BYTES.exec(header ?? "")?.[1];
  if (set === undefined) return WHOLE;
  // A list may have empty elements (RFC 9110 section 5.6.1.2).
  const specs = set
    .split(",")
    .map((spec) => spec.trim())
    .filter((spec) => spec !== "");
  const [spec] = specs;
  if (spec === undefined || specs.length > 1) return WHOLE;
  const [, suffix] = SUFFIX_RANGE.exec(spec) ?? [];
  if (suffix !== undefined) return suffixRange(Number(suffix), sizeBytes);
  const [, first, last] = INT_RANGE.exec(spec) ?? [];
  return first === undefined ? WHOLE : intRange(Number(first), last, sizeBytes);
}

/** More digits than a number can hold are beyond any file all the same. */
function intRange(first: number, lastText: string | undefined, sizeBytes: number): RangeReading {
  const last = lastText === undefined || lastText === "" ? Number.POSITIVE_INFINITY : Number(lastText);
  if (last < first) return WHOLE;
  if (first >= sizeBytes) return { kind: "unsatisfiable" };
  return { kind: "part", first, last: Math.min(last, sizeBytes - 1) };
}

function suffixRange(lengthBytes: number, sizeBytes: number): RangeReading {
  if (lengthBytes === 0) return { kind: "unsatisfiable" };
  // The end of an empty file is all of it, and there is no Content-Range for no bytes.
  if (sizeBytes === 0) return WHOLE;
  return { kind: "part", first: Math.max(0, sizeBytes - lengthBytes), last: sizeBytes - 1 };
}
