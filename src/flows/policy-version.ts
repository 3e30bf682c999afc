/**
 * The version of what a flow decides: a hash of its file without the mode's word and without `verify`, `measure`, `watch` and the day
 * at `rollback.tried`.
 *
 * Always holds: a file that has none of these, and the same file after one was written into it, have the same version, as long as nothing else but
 * blank lines around it was changed. Trying the way back must not look like another policy: drills and tries are told from old ones by the version.
 * `expect` and the rest of `rollback` count: versions on record were made with them.
 */
import { createHash } from "node:crypto";
import { groupIn } from "../setup/written-group.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import type { ModeWord } from "./mode-word.ts";
import { findTriedDay } from "./tried-day.ts";

/** Offsets of a part of the text, in UTF-16 units. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Keys that the gate does not act on. */
const NOT_DECIDED = ["verify", "measure", "watch"] as const;

/** First 16 hex digits of the SHA-256 of what is left of the file. @param text the file's, a byte order mark included. */
export function policyVersionOf(source: YamlSource, text: string, mode: ModeWord): string {
  const bytes = Buffer.from(text);
  const cuts = [
    { start: mode.startByte, end: mode.endByte },
    ...[...NOT_DECIDED.flatMap((key) => findBlock(source, text, key)), ...findTriedDay(source, text)].map(
      (span) => bytesOf(span, text),
    ),
  ].sort((a, b) => a.start - b.start);
  const hash = createHash("sha256");
  let from = 0;
  for (const { start, end } of cuts) {
    hash.update(bytes.subarray(from, start));
    from = end;
  }
  return hash.update(bytes.subarray(from)).digest("hex").slice(0, 16);
}

function bytesOf({ start, end }: Span, text: string): Span {
  return { start: Buffer.byteLength(text.slice(0, start)), end: Buffer.byteLength(text.slice(0, end)) };
}

/**
 * The lines of one key, with comments right above it and the blank lines above these; none where it has no lines of its own.
 * Comments and blank lines after it belong to what follows.
 */
function findBlock(source: YamlSource, text: string, block: string): Span[] {
  const keys = Object.keys(groupIn(source.value));
  if (!keys.includes(block)) return [];
  const key = source.placeOfKey([block]);
  if (key.column !== 1) return [];
  const next = Math.min(
    text.length,
    ...keys.map((name) => source.placeOfKey([name]).offset).filter((offset) => offset > key.offset),
  );
  return [{ start: startAbove(text, key.offset), end: endOfValue(text, key.offset, next) }];
}

function startAbove(text: string, offset: number): number {
  const lines = linesOf(text.slice(0, offset));
  while (isComment(lines.at(-1))) lines.pop();
  while (isBlank(lines.at(-1))) lines.pop();
  return lines.join("").length;
}

function endOfValue(text: string, start: number, next: number): number {
  const lines = linesOf(text.slice(start, next));
  while (isComment(lines.at(-1)) || isBlank(lines.at(-1))) lines.pop();
  return start + lines.join("").length;
}

/** Each with its line end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

const isBlank = (line: string | undefined): boolean => line !== undefined && line.trim() === "";

/** Within a value no comment begins in the first column. */
const isComment = (line: string | undefined): boolean => line?.startsWith("#") === true;
