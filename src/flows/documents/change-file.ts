/**
 * One change record: `changes/NNNN-slug.md` in a flow's folder, from bytes to what programs know of it, or to all of its problems.
 */
import { basename } from "node:path";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import { inFileOrder, problemAt, schemaProblems } from "../../setup/schema-problems.ts";
import { readWrittenFile } from "../../setup/written-file.ts";
import type { Place } from "../../setup/yaml-source.ts";
import { type ChangeMatter, changeSchema } from "./change-schema.ts";
import { type FrontMatter, readFrontMatter } from "./front-matter.ts";

/** Below a flow's folder. */
export const CHANGES_FOLDER = "changes";

/** `0007-join-the-owners.md`. */
export const CHANGE_FILE_PATTERN = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md$/;

/** A record that reads. */
export interface ChangeFile {
  /** As problems name it. */
  readonly file: string;
  /** The file's name without `.md`. */
  readonly name: string;
  readonly text: string;
  readonly matter: ChangeMatter;
  readonly front: FrontMatter;
  placeOf(key: keyof ChangeMatter): Place;
}

export type ChangeReading =
  | { readonly ok: true; readonly change: ChangeFile }
  | { readonly ok: false; readonly name: string; readonly problems: readonly SetupProblem[] };

/** Reads one. @param flow the name of the flow in whose folder it lies. @returns problems of code CHANGE_INVALID with line and column */
export async function readChangeFile(file: string, flow: string): Promise<ChangeReading> {
  const name = basename(file, ".md");
  const written = await readWrittenFile(file, "CHANGE_INVALID");
  if (!written.ok) return { ok: false, name, problems: written.problems };
  return parseChange(written.text, file, flow);
}

/** The same of a text that is at hand. */
export function parseChange(text: string, file: string, flow: string): ChangeReading {
  const name = basename(file, ".md");
  const front = readFrontMatter(text, file, "CHANGE_INVALID");
  if (!front.ok) return { ok: false, name, problems: front.problems };
  const { source } = front.matter;
  const parsed = changeSchema.safeParse(source.value);
  const problems = [
    ...schemaProblems(parsed.error?.issues ?? [], source),
    ...(parsed.success ? contradictions(parsed.data, name, flow, front.matter) : []),
  ];
  if (!parsed.success || problems.length > 0) return { ok: false, name, problems: inFileOrder(problems) };
  const placeOf = (key: keyof ChangeMatter): Place => source.placeOfKey([key]);
  return { ok: true, change: { file, name, text, matter: parsed.data, front: front.matter, placeOf } };
}

function contradictions(
  matter: ChangeMatter,
  name: string,
  flow: string,
  { source }: FrontMatter,
): SetupProblem[] {
  const wrong: [keyof ChangeMatter, string][] = [];
  if (Number(name.slice(0, 4)) !== matter.change)
    wrong.push(["change", `the file's name begins with ${name.slice(0, 4)}; both must be the same number.`]);
  if (matter.flow !== flow) wrong.push(["flow", `this record lies in the folder of the flow ${flow}.`]);
  const isEnded = matter.closed !== undefined && matter.outcome !== undefined;
  if (matter.status === "closed" && !isEnded)
    wrong.push(["status", "a closed record has closed and outcome; let sluicegate change close write them."]);
  if (matter.status === "open" && (matter.closed !== undefined || matter.outcome !== undefined))
    wrong.push([
      "status",
      "an open record has neither closed nor outcome; let sluicegate change close write them.",
    ]);
  return wrong.map(([key, sentence]) => problemAt(source, [key], sentence));
}
