/**
 * The code blocks of a page of `docs/`, in order, as something that can be run.
 *
 * - ` ```LANGUAGE PATH`: a file, written whole.
 * - ` ```sh`: commands, which must succeed; ` ```sh exits 1`: which must end so; ` ```sh terminal`: a program that goes on running;
 *   ` ```sh measured`: figures that a busy machine may refuse to give.
 * - ` ```text`: what the commands before it must print: each line somewhere.
 */

export type Block =
  | { readonly kind: "file"; readonly path: string; readonly text: string; readonly line: number }
  | {
      readonly kind: "commands";
      readonly how: "run" | "terminal" | "measured";
      readonly exitCode: number;
      readonly text: string;
      readonly expected: readonly string[];
      readonly line: number;
    };

const FENCE = /^```(\S*) ?(.*)$/;

/** @throws Error where a block is not closed, or of a kind that nobody can run */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = page.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const [, language, info] = FENCE.exec(lines[at] ?? "") ?? [];
    if (language === undefined || info === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    if (end === -1) throw new Error(`the block at line ${at + 1} is not closed`);
    const text = `${lines.slice(at + 1, end).join("\n")}\n`;
    take(blocks, { language, info, text, line: at + 1 });
    at = end;
  }
  return blocks;
}

interface Fenced {
  readonly language: string;
  readonly info: string;
  readonly text: string;
  readonly line: number;
}

function take(blocks: Block[], { language, info, text, line }: Fenced): void {
  if (language === "text") {
    const before = blocks.pop();
    if (before?.kind !== "commands")
      throw new Error(`line ${line}: nothing was run that could have printed this`);
    blocks.push({ ...before, expected: text.split("\n").filter((one) => one.trim() !== "") });
    return;
  }
  if (language !== "sh") {
    if (info === "") throw new Error(`line ${line}: a file without a path`);
    blocks.push({ kind: "file", path: info, text, line });
    return;
  }
  const exitCode = Number(/^exits (\d+)$/.exec(info)?.[1] ?? 0);
  const how = info === "terminal" || info === "measured" ? info : "run";
  blocks.push({ kind: "commands", how, exitCode, text, expected: [], line });
}
