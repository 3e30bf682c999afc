/**
 * The parts of a record that the program writes, between two lines of their own:
 *
 *     <!-- sluicegate:figures sha256:9f86d081… -->
 *     …
 *     <!-- /sluicegate:figures -->
 *
 * Always holds: what stands outside of these lines is never changed. The digest is of what stands between them, with line ends counted as one kind, so
 * that a checkout on another system is no edit; a block that somebody has changed is noticed, and said.
 */
import { createHash } from "node:crypto";
import { GateError } from "../../problems/gate-error.ts";
import { formatSetupProblem, type SetupProblem } from "../../problems/setup-problem.ts";

/** In the order in which they stand in a new record. */
export type BlockName = "figures" | "verdict" | "commands" | "assumptions";

export const BLOCK_NAMES: readonly BlockName[] = ["figures", "verdict", "commands", "assumptions"];

/** One block as it was found. Offsets in UTF-16 units of the text; `line` from 1. */
export interface Block {
  readonly name: BlockName;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** Between the two lines. */
  readonly content: string;
  readonly digest: string | null;
}

const OPENING = /^<!-- sluicegate:([a-z]+)(?: sha256:([0-9a-f]{64}))? -->[ \t]*\r?$/gm;

/** The digest of what stands in a block. @param bound further values that belong to it, such as front matter that was written with it */
export function digestOf(content: string, bound: readonly string[] = []): string {
  const text = [content.replace(/\r\n/g, "\n").trim(), ...bound].join("\n\u0000");
  return createHash("sha256").update(text).digest("hex");
}

/** Blocks with what is wrong with their lines; of two with one name, the first counts. */
export interface FoundBlocks {
  readonly blocks: readonly Block[];
  readonly problems: readonly SetupProblem[];
}

/** Finds the blocks. @param from where the front matter ends */
export function findBlocks(text: string, file: string, from: number): FoundBlocks {
  const blocks: Block[] = [];
  const problems: SetupProblem[] = [];
  for (const opening of text.matchAll(OPENING)) {
    const name = BLOCK_NAMES.find((known) => known === opening[1]);
    if (name === undefined || opening.index < from) continue;
    const line = lineAt(text, opening.index);
    const block = closeBlock(text, opening.index + opening[0].length, name);
    if (blocks.some((known) => known.name === name))
      problems.push(
        problem(file, line, `the part "${name}" begins here a second time; remove one of the two.`),
      );
    else if (block === null)
      problems.push(
        problem(
          file,
          line,
          `the part "${name}" has no end; write a line <!-- /sluicegate:${name} --> where it ends.`,
        ),
      );
    else blocks.push({ name, start: opening.index, line, digest: opening[2] ?? null, ...block });
  }
  return { blocks, problems };
}

/** @returns what stands between the two lines, and where the closing one ends; `null` where there is none */
function closeBlock(text: string, start: number, name: BlockName): Pick<Block, "content" | "end"> | null {
  const rest = text.slice(start);
  const closing = new RegExp(`^<!-- /sluicegate:${name} -->`, "m").exec(rest);
  if (closing === null) return null;
  return { content: rest.slice(0, closing.index), end: start + closing.index + closing[0].length };
}

/** From 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** Whether what stands in a block is what the program wrote. @param bound as it was written with */
export function isAsWritten({ content, digest }: Block, bound: readonly string[] = []): boolean {
  return digest === digestOf(content, bound);
}

/** A block as lines, with its digest. */
export function writeBlock(name: BlockName, lines: readonly string[], bound: readonly string[] = []): string {
  const content = lines.join("\n");
  return [
    `<!-- sluicegate:${name} sha256:${digestOf(content, bound)} -->`,
    "",
    content,
    "",
    `<!-- /sluicegate:${name} -->`,
  ].join("\n");
}

const HEADINGS: Readonly<Record<BlockName, string>> = {
  figures: "Before and after",
  verdict: "Verdict",
  commands: "Commands",
  assumptions: "What was assumed",
};

export interface BlockText {
  readonly name: BlockName;
  readonly lines: readonly string[];
  readonly bound?: readonly string[];
}

/**
 * The text with these blocks in place of the old ones; one that is not there any more is put at the end, under its heading.
 * @throws CHANGE_INVALID with line where blocks are not closed or stand twice
 */
export function replaceBlocks(
  text: string,
  file: string,
  from: number,
  written: readonly BlockText[],
): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  return written.reduce((current, { name, lines, bound }) => {
    const { blocks, problems } = findBlocks(current, file, from);
    if (problems.length > 0)
      throw new GateError("CHANGE_INVALID", { message: problems.map(formatSetupProblem).join("\n") });
    const block = writeBlock(name, lines, bound).replaceAll("\n", newline);
    const old = blocks.find((known) => known.name === name);
    if (old !== undefined) return current.slice(0, old.start) + block + current.slice(old.end);
    return [current.trimEnd(), "", `## ${HEADINGS[name]}`, "", block, ""].join(newline);
  }, text);
}

function problem(file: string, line: number, message: string): SetupProblem {
  return { code: "CHANGE_INVALID", severity: "error", file, line, column: 1, path: "", message };
}
