/**
 * The notes of the review as lines: what is said of one flow first, then what is said of many alike, once.
 *
 * Otherwise the note that only one flow has would stand somewhere among as many lines of the same words as there are flows.
 */
import { basename, dirname } from "node:path";
import type { ReviewNote } from "../flows/review/review-note.ts";
import { problemLine } from "./find-flows.ts";

/** From so many flows on, what is said of them alike is said once. */
const ALIKE_FROM = 3;

/** One line a note or group of notes. */
export function reviewLines(notes: readonly ReviewNote[]): string[] {
  const groups = [...Map.groupBy(notes, wordsOf).values()];
  const alike = groups.filter(({ length }) => length >= ALIKE_FROM);
  const grouped = new Set(alike.flat());
  return [...notes.filter((note) => !grouped.has(note)).map(problemLine), ...alike.map(lineOfGroup)];
}

function lineOfGroup(group: readonly ReviewNote[]): string {
  const [first, ...others] = group;
  if (first === undefined) return "";
  return `${problemLine(first)} The same of ${others.length} more: ${others.map(flowOf).join(", ")}.`;
}

/** The same for notes that differ in nothing but the flow's name. */
const wordsOf = (note: ReviewNote): string =>
  note.message
    .split(" ")
    .map((word) => (word === flowOf(note) ? "FLOW" : word))
    .join(" ");

const flowOf = ({ file }: ReviewNote): string => basename(dirname(file));
