/**
 * From what a listing says to its entries: JSON of any form, lines of text, or a page with links. No I/O.
 *
 * Always holds: `key` is made of what stays the same of an entry for as long as nobody changes it, so that two listings can be compared.
 */
import { parseJson } from "../../setup/parse-json.ts";

/** One thing that is listed. What is not said, or not in a known way, is `null`. */
export interface ListedEntry {
  readonly key: string;
  /** All that is said of it. */
  readonly text: string;
  readonly id: string | null;
  readonly name: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  /** Where it says that its bytes are. */
  readonly href: string | null;
}

const IDS = ["id", "uuid", "_id", "pk", "uploadid", "fileid", "documentid"];
const NAMES = ["name", "filename", "originalname", "originalfilename", "title", "key", "path", "file"];
const SIZES = ["size", "sizebytes", "bytes", "length", "filesize", "contentlength"];
const DIGESTS = ["sha256", "digest", "hash", "checksum", "contentsha256"];
const PLACES = ["url", "href", "downloadurl", "link", "location"];
const TIMES = [
  "created",
  "createdat",
  "uploaded",
  "uploadedat",
  "modified",
  "modifiedat",
  "updatedat",
  "mtime",
];

type Members = Readonly<Record<string, unknown>>;

/** The entries of a listing. @param mediaType of the answer */
export function listedEntries(text: string, mediaType: string | null): readonly ListedEntry[] {
  if (mediaType !== null && /^text\/html\b/i.test(mediaType)) return linksIn(text).map(entryOfText);
  const value = parseJson(text);
  if (value === undefined) return linesOf(text).map(entryOfText);
  return valuesIn(value).map(entryOf);
}

/** One JSON object a line, as a command prints them. `null` where a line is something else. */
export function printedEntries(text: string): readonly ListedEntry[] | { readonly wrong: string } {
  const entries: ListedEntry[] = [];
  for (const line of linesOf(text)) {
    const value = parseJson(line);
    if (!isMembers(value)) return { wrong: line };
    entries.push(entryOf(value));
  }
  return entries;
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

function linksIn(page: string): readonly string[] {
  return [...page.matchAll(/\b(?:href|src)\s*=\s*"([^"#]+)"/gi)].map(([, link = ""]) => link);
}

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The items of the lists in it; where there is none, the members of the innermost object that has more than one. */
function valuesIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isMembers(value)) return value === null ? [] : [value];
  const members = Object.values(value);
  const lists = members.filter((each) => Array.isArray(each));
  if (lists.length > 0) return lists.flat();
  const objects = members.filter(isMembers);
  if (objects.length === 1 && objects[0] !== undefined && !hasKnownMember(objects[0]))
    return valuesIn(objects[0]);
  return Object.entries(value).map(([name, each]) =>
    isMembers(each) ? { name, ...each } : { name, value: each },
  );
}

const hasKnownMember = (members: Members): boolean =>
  [IDS, NAMES, SIZES, DIGESTS].some((names) => memberOf(members, names) !== undefined);

function entryOfText(text: string): ListedEntry {
  const isName = !/[/\\]/.test(text);
  return { key: text, text, id: null, name: isName ? text : null, sizeBytes: null, sha256: null, href: null };
}

function entryOf(value: unknown): ListedEntry {
  if (!isMembers(value)) return entryOfText(String(value));
  const digest = textOf(memberOf(value, DIGESTS))?.replace(/^sha-?256[:=]/i, "") ?? "";
  const size = memberOf(value, SIZES);
  const entry = {
    text: JSON.stringify(value),
    id: textOf(memberOf(value, IDS)),
    name: textOf(memberOf(value, NAMES)),
    sizeBytes: typeof size === "number" ? size : null,
    sha256: /^[0-9a-f]{64}$/i.test(digest) ? digest.toLowerCase() : null,
    href: textOf(memberOf(value, PLACES)),
  };
  return { ...entry, key: keyOf(value, entry) };
}

/** A link may be signed anew, a counter may count: only what names an entry, or changes with its content, is part of its key. */
function keyOf(value: Members, entry: Omit<ListedEntry, "key">): string {
  const { id, name, sizeBytes, sha256, href } = entry;
  const place = href?.split(/[?#]/)[0] ?? null;
  if (id === null && name === null && place === null) return entry.text;
  return JSON.stringify([id, name, place, sizeBytes, sha256, textOf(memberOf(value, TIMES))]);
}

/** The first member of one of these names, whatever their letters' case and separators. */
function memberOf(members: Members, names: readonly string[]): unknown {
  const plain = new Map(
    Object.entries(members).map(([name, value]) => [name.toLowerCase().replace(/[_\-. ]/g, ""), value]),
  );
  return names.map((name) => plain.get(name)).find((value) => value !== undefined && value !== null);
}

const textOf = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" ? String(value) : null;
