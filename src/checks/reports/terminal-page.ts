/**
 * Lines for a terminal: wrapped to its width, coloured where that is wanted, readable without.
 *
 * In: printable text (`shownLine`). Always holds: no line but a command to be copied is wider than `columns`.
 */
import { wrapAtMost, wrapColumns } from "./wrap-columns.ts";

export type Colour = "bold" | "red" | "yellow" | "green" | "dim";

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };
const LABEL_COLUMNS = 11;

/** Lines of a width, coloured where that is wanted. */
export class TerminalPage {
  readonly columns: number;
  readonly #isColoured: boolean;
  /** How wide labels are, their indent and the space after them included. */
  readonly #labelColumns: number;
  readonly #lines: string[] = [];

  constructor(
    options: { readonly columns: number; readonly isColoured: boolean },
    labelColumns = LABEL_COLUMNS,
  ) {
    this.#labelColumns = labelColumns;
    this.columns = Math.max(40, options.columns);
    this.#isColoured = options.isColoured;
  }

  line(text: string, colour: Colour | null = null): void {
    const isPlain = !this.#isColoured || colour === null || text === "";
    this.#lines.push(isPlain ? text : `\u001b[${CODES[colour]}m${text}\u001b[0m`);
  }

  gap(): void {
    if (this.#lines.at(-1) !== "") this.line("");
  }

  prose(text: string, colour: Colour | null = null): void {
    for (const line of wrapColumns(text, this.columns)) this.line(line, colour);
  }

  /** The first line after `indent`, the others deeper. */
  hanging(indent: string, text: string, deeper: number, colour: Colour | null = null): void {
    const lines = wrapColumns(text, this.columns - indent.length - deeper);
    for (const [index, line] of lines.entries()) {
      this.line(`${indent}${index === 0 ? "" : " ".repeat(deeper)}${line}`, colour);
    }
  }

  labelled(label: string, text: string, linesMax: number): void {
    const lines = wrapAtMost(text, this.columns - this.#labelColumns, linesMax);
    for (const [index, line] of lines.entries()) this.line(this.#label(index === 0 ? label : "") + line);
  }

  /** In one piece, however long, so that it can be copied. */
  command(label: string, text: string): void {
    this.line(this.#label(label) + text);
  }

  #label(label: string): string {
    return `  ${label}`.padEnd(this.#labelColumns);
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
