/**
 * Whether something that is listed is what this run has sent: other people may be at work on the same target. No I/O.
 */
import { createHash } from "node:crypto";
import type { ContentFile, ReceivedFile, SampleFile, UploadContent } from "../check.ts";
import type { ListedEntry } from "./listed-entries.ts";

/** `unclear`: it tells nothing by which one could know. */
export type Whose = "ours" | "others" | "unclear";

/** In the names of files and fields of a run. */
const MARK = "flowcheck";

/** @param control the file of the control upload, which this run sends again and again */
export function whoseEntry(
  entry: ListedEntry,
  content: UploadContent | undefined,
  control: SampleFile,
): Whose {
  if (isSurelyOurs(entry, content, control)) return "ours";
  const sent = [...(content?.files ?? []), control];
  const isLike = sent.some(({ name }) => isSameName(entry.name ?? "", name));
  if (isLike) return "ours";
  const isOther = entry.sha256 !== null && entry.sizeBytes !== null && entry.name !== null;
  return isOther && !sent.some(({ bytes }) => bytes.length === entry.sizeBytes) ? "others" : "unclear";
}

/** Whether it may be removed: by its mark, or by bytes that only this run would send. A like name is not enough. */
export function isSurelyOurs(
  entry: ListedEntry,
  content: UploadContent | undefined,
  control: SampleFile,
): boolean {
  const sent = [...(content?.files ?? []), control];
  return entry.text.includes(MARK) || sent.some(({ bytes }) => sha256Of(bytes) === entry.sha256);
}

const digests = new WeakMap<Uint8Array, string>();

/** In hexadecimal; of each buffer once. */
export function sha256Of(bytes: Uint8Array): string {
  const known = digests.get(bytes) ?? createHash("sha256").update(bytes).digest("hex");
  digests.set(bytes, known);
  return known;
}

/** A name may be cleaned on the way: its letters and digits stay. */
export function isSameName(one: string, other: string): boolean {
  const [left, right] = [lettersOf(one), lettersOf(other)];
  return left !== "" && left === right;
}

const lettersOf = (name: string): string =>
  name
    .normalize()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

/**
 * The stored file with a name only where it says something: a service may choose names of its own, and that another name was chosen for a harmless one
 * is no complaint. For a name that could do harm the chosen one is what counts.
 */
export function withTellingName(
  file: ReceivedFile,
  sent: ContentFile | undefined,
  control: SampleFile,
): ReceivedFile {
  if (file.name === null || sent === undefined || isSameName(file.name, sent.name)) return file;
  return isPlainName(sent.name, control.name) ? { ...file, name: null } : file;
}

/** Letters, digits and little else, with the ending of the control's name and no other. */
export function isPlainName(name: string, controlName: string): boolean {
  const isTame = /^[\p{L}\p{M}\p{N}_ ()-]+(\.[A-Za-z0-9]+)?$/u.test(name);
  return isTame && endingOf(name) === endingOf(controlName);
}

const endingOf = (name: string): string => /\.([A-Za-z0-9]+)$/.exec(name)?.[1] ?? "";
