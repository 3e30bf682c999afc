/**
 * What a command speaks through: lines to standard output and standard error.
 */
import { printableLines } from "./printable.ts";

export interface CommandIo {
  out(line: string): void;
  err(line: string): void;
  readonly isTerminal: boolean;
}

/** The real terminal. Whatever a command prints, nothing in it but its own line ends and tabs acts on the terminal. */
export function processIo(): CommandIo {
  // `sluicegate uploads | head`: whoever read us has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    out: (line) => process.stdout.write(`${printableLines(line)}\n`),
    err: (line) => process.stderr.write(`${printableLines(line)}\n`),
    isTerminal: process.stdout.isTTY === true,
  };
}
