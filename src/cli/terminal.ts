/**
 * The terminal for pages that are written for it: reports and progress, with colours and a line that is written anew.
 *
 * Always holds: of control sequences only colours, the return to a line's start and its clearing get through; what others wrote is made harmless by
 * whoever composes the page, and once more here.
 */
import { printableLines } from "./printable.ts";

export interface Terminal {
  /** Of standard output; 80 where it is no terminal. */
  readonly columns: number;
  readonly isColoured: boolean;
  /** Whether standard error is a terminal, where progress goes. */
  readonly hasProgress: boolean;
  /** To standard output. */
  page(text: string): void;
  /** To standard error. */
  progress(text: string): void;
}

/** Set graphics, and erase in line. @see ECMA-48 8.3.117, 8.3.41 */
const ESCAPE = "\u001b";
const ALLOWED = new RegExp(`(${ESCAPE}\\[[0-9;]*m|\\r${ESCAPE}\\[K)`);

/** @see https://no-color.org */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const wantsColour = (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  return {
    columns: stdout.isTTY === true ? stdout.columns : 80,
    isColoured: stdout.isTTY === true && wantsColour,
    hasProgress: stderr.isTTY === true && env.TERM !== "dumb",
    page: (text) => void stdout.write(harmless(text)),
    progress: (text) => void stderr.write(harmless(text)),
  };
}

function harmless(text: string): string {
  return text
    .split(ALLOWED)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join("");
}
