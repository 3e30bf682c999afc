/**
 * What can be said of a file as soon as its first bytes are there, so that what can not be allowed is refused while the rest is still
 * arriving. A file that passes here has only begun like an allowed type.
 */

import type { FileType } from "../uploads/file-types.ts";
import type { Finding } from "../uploads/finding.ts";
import type { ReceivedFile } from "../uploads/stages.ts";
import { listTypes, statedTypes, type TypeRule } from "./declared.ts";
import { flawFinding, refusal } from "./flaw.ts";
import { familyOf, readSignature, UTF_16_LABEL } from "./identify/signature.ts";
import { nameTextStart, TextCheck } from "./identify/text.ts";

/** Fewer bytes say too little while more are coming: every signature lies within them. */
const HEAD_BYTES_MIN = 64;

/**
 * Judges the first bytes of a file. Synchronous, a few microseconds.
 * @param head     first bytes, up to 4 KiB are looked at
 * @param isWhole  whether these are all bytes of the file
 * @param file     where given, its name and declared type must fit too
 * @returns FILE_EMPTY, FILE_TYPE_UNKNOWN, FILE_TYPE_NOT_ALLOWED, FILE_TYPE_MISMATCH, FILE_LEADING_BYTES, FILE_NOT_TEXT or
 *          FILE_SECOND_FORMAT; `null` where the file may still be of an allowed type, or the flow takes any.
 */
export function judgeHead(
  head: Uint8Array,
  isWhole: boolean,
  rule: TypeRule,
  file: ReceivedFile | null = null,
): Finding | null {
  const { types } = rule;
  if (types === "any" || (!isWhole && head.length < HEAD_BYTES_MIN)) return null;
  if (head.length === 0) return refusal("FILE_EMPTY", null, listTypes(types), "no bytes at all");
  const { family, label } = readSignature(head, isWhole);
  const [stated] = file === null ? [] : statedTypes(file);
  const isAllowed = family !== null && types.some((type) => familyOf(type) === family);
  if (!isAllowed) return judgeStranger(head, label, types, stated);
  if (stated !== undefined && familyOf(stated.mediaType) !== family)
    return mismatch(stated, label ?? "something else");
  return family === "text" ? judgeText(head, listTypes(types)) : null;
}

/** FILE_TYPE_MISMATCH: name or declared type say `stated`, the content is `seen`. */
export function mismatch(stated: FileType, seen: string): Finding {
  return refusal("FILE_TYPE_MISMATCH", null, `${stated.label}, as name or declared type say`, seen);
}

function judgeStranger(
  head: Uint8Array,
  label: string | null,
  types: readonly string[],
  stated: FileType | undefined,
): Finding {
  const families = new Set(stated === undefined ? types.map(familyOf) : [familyOf(stated.mediaType)]);
  if (families.has("application/pdf")) {
    const at = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 1024)).indexOf("%PDF-");
    if (at > 0) return refusal("FILE_LEADING_BYTES", 0, "%PDF- at the first byte", `${at} bytes before it`);
  }
  const expected = listTypes(types);
  const isUnknown = label === null || label === UTF_16_LABEL;
  if (isUnknown && families.size === 1 && families.has("text")) return judgeNotText(head, label);
  if (label !== null) return refusal("FILE_TYPE_NOT_ALLOWED", 0, expected, label);
  return refusal("FILE_TYPE_UNKNOWN", 0, expected, "the beginning of no known type");
}

function judgeText(head: Uint8Array, expected: string): Finding | null {
  const seen = nameTextStart(Buffer.from(head.buffer, head.byteOffset, head.length));
  return seen === null ? null : refusal("FILE_SECOND_FORMAT", 0, expected, seen);
}

/** FILE_NOT_TEXT with the place and the kind of the first byte that no text has. */
function judgeNotText(head: Uint8Array, label: string | null): Finding {
  const expected = "UTF-8 text without control characters";
  if (label !== null) return refusal("FILE_NOT_TEXT", 0, expected, label);
  const check = new TextCheck();
  try {
    check.push(Buffer.from(head.buffer, head.byteOffset, head.length), 0);
    check.end(head.length);
  } catch (error) {
    const finding = flawFinding(error);
    if (finding !== null) return finding;
    throw error;
  }
  return refusal("FILE_NOT_TEXT", null, expected, "other bytes");
}
