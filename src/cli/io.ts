/**
 * What a command speaks through: lines to standard output and standard error.
 */
export interface CommandIo {
  out(line: string): void;
  err(line: string): void;
  readonly isTerminal: boolean;
}

/** The real terminal. */
export function processIo(): CommandIo {
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    isTerminal: process.stdout.isTTY === true,
  };
}
