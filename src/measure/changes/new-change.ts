/**
 * Opens a change record in a flow's folder. Nothing that is there is overwritten.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CHANGES_FOLDER, parseChange } from "../../flows/documents/change-file.ts";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { formatSetupProblem } from "../../problems/setup-problem.ts";
import { type FlowPlace, nextChangeNumber } from "./find-change.ts";
import { type ChangeWords, recordText } from "./record-template.ts";

const SLUG_CHARS_MAX = 50;
const NUMBER_MAX = 9999;

/**
 * Writes `changes/NNNN-slug.md`.
 * @param flows  all flows of the service, for the number
 * @param folder the flow's, as problems are to name it
 * @param today  as `2026-11-22`
 * @returns      the file
 * @throws CHANGE_INVALID where the words would make no valid record, or the file cannot be written
 */
export async function newChange(
  flows: readonly FlowPlace[],
  flow: Flow,
  folder: string,
  today: string,
  words: ChangeWords,
): Promise<string> {
  const number = await nextChangeNumber(flows);
  if (number > NUMBER_MAX) throw invalid(`There are ${NUMBER_MAX} change records already.`);
  const name = `${String(number).padStart(4, "0")}-${slugOf(words.title)}`;
  const file = join(folder, CHANGES_FOLDER, `${name}.md`);
  const text = recordText(flow, number, today, words);
  const reading = parseChange(text, file, flow.name);
  if (!reading.ok) throw invalid(reading.problems.map(formatSetupProblem).join("\n"));
  try {
    await mkdir(join(folder, CHANGES_FOLDER), { recursive: true });
    await writeFile(file, text, { flag: "wx" });
  } catch (cause) {
    throw invalid(`${file} cannot be written (${(cause as NodeJS.ErrnoException).code ?? "unknown error"}).`);
  }
  return file;
}

/** `Load the owners’ rows with a JOIN` → `load-the-owners-rows-with-a-join`. */
export function slugOf(title: string): string {
  const slug = title
    .normalize("NFKD")
    .replace(/[\p{M}'’]/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG_CHARS_MAX)
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "change" : slug;
}

function invalid(message: string): GateError {
  return new GateError("CHANGE_INVALID", { message });
}
