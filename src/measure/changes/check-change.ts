/**
 * Looks whether a record still says what the program wrote, and what is missing in it.
 *
 * It can tell that figures were changed by hand. It cannot tell that somebody has forged figures, digests and copies together: whoever wants to be certain
 * has the requests, whose SHA-256 the record names.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ChangeFile } from "../../flows/documents/change-file.ts";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import { sha256Of } from "./evidence-copies.ts";
import { COPY_LINK } from "./figures-block.ts";
import { BLOCK_NAMES, type Block, findBlocks, lineAt } from "./record-blocks.ts";
import { STILL_TO_WRITE } from "./record-template.ts";
import { editedBlocks } from "./refuse-edited.ts";

/** Errors: what is not as it was written. Warnings: what is missing. */
export async function checkChange(change: ChangeFile): Promise<SetupProblem[]> {
  const { blocks, problems } = findBlocks(change.text, change.file, change.front.bodyStart);
  const copies = await Promise.all(blocks.map((block) => copyProblems(change, block)));
  return [
    ...problems,
    ...editedBlocks(change).map((block) => problemAt(change, "error", block.line, editedSentence(block))),
    ...copies.flat(),
    ...missingBlocks(change, blocks),
    ...stillToWrite(change),
    ...unreviewed(change),
  ];
}

function editedSentence({ name, digest }: Block): string {
  if (digest === null)
    return `the digest of the part "${name}" is gone, so nobody can tell whether its figures are the program's.`;
  const also = name === "verdict" ? ", or closed, outcome, verdict, comparison or evidence at the top," : "";
  return `the part "${name}"${also} was changed by hand since the program wrote it. Have it written again, by sluicegate change measure or close with --overwrite.`;
}

async function copyProblems(change: ChangeFile, block: Block): Promise<SetupProblem[]> {
  const links = [...block.content.matchAll(COPY_LINK)];
  const found = await Promise.all(
    links.map(async ([, copy = "", digest = ""]) => {
      const bytes = await readFile(join(dirname(change.file), copy)).catch(() => null);
      if (bytes !== null && sha256Of(bytes) === digest) return null;
      const what = bytes === null ? "is not there" : "is not the file that the figures were taken from";
      return problemAt(change, "error", block.line, `${copy}, from which this part was written, ${what}.`);
    }),
  );
  return found.filter((problem) => problem !== null);
}

function missingBlocks(change: ChangeFile, blocks: readonly Block[]): SetupProblem[] {
  const missing = BLOCK_NAMES.filter((name) => !blocks.some((block) => block.name === name));
  return missing.map((name) =>
    problemAt(
      change,
      "warning",
      1,
      `the part "${name}" is gone; it is put at the end when it is written again.`,
    ),
  );
}

function stillToWrite(change: ChangeFile): SetupProblem[] {
  return [...change.text.matchAll(/^_Still to write:.*$/gm)].map((match) =>
    problemAt(change, "warning", lineAt(change.text, match.index), `still to write: ${asked(match[0])}`),
  );
}

const asked = (line: string): string => line.slice(STILL_TO_WRITE.length).replace(/_\s*$/, "").trim();

function unreviewed(change: ChangeFile): SetupProblem[] {
  if (change.matter.status !== "closed" || change.matter.reviewer !== undefined) return [];
  const { line } = change.placeOf("closed");
  return [
    problemAt(
      change,
      "warning",
      line,
      "nobody is named as the reviewer; write reviewer: with a name at the top.",
    ),
  ];
}

function problemAt(
  { file }: ChangeFile,
  severity: SetupProblem["severity"],
  line: number,
  message: string,
): SetupProblem {
  return { code: "CHANGE_INVALID", severity, file, line, column: 1, path: "", message };
}
