/**
 * The command line of the bench.
 */
import { parseArgs } from "node:util";
import type { BenchOptions } from "./bench.ts";

/** Names that select rows; `large` and `signals` stand for two, `everything-on` for three. */
export const ROW_NAMES = [
  "large",
  "small",
  "forward",
  "pass-through",
  "memory",
  "everything-on",
  "signals",
] as const;
export type RowName = (typeof ROW_NAMES)[number];

export const USAGE = `npm run bench [-- ROWS OPTIONS]

Rows: ${ROW_NAMES.join(", ")}; all of them where none is named.

  --quick         small bodies and one round: shows that everything works
  --full          memory with the sizes of the promise: 5 GiB, and 64 × 256 MiB (needs 20 GB of disk and some minutes)
  --disk          files on disk (the system's folder for temporary files) and not in memory
  --json FILE     all figures as JSON too
  --source        run the gate from src/ and not from the built package, which is what is published
  --node-flags F  flags of Node for the gate, as one word: --node-flags="--max-semi-space-size=4"
  --help          this page
  --earlier FILE  everything-on: an earlier gate too, by its program (src/cli/main.ts of another checkout)
  --profile DIR   CPU profiles of the gate, one folder a row; read them with: node_modules/.bin/node bench/read-profile.ts DIR
`;

export interface BenchArguments {
  readonly wantsHelp: boolean;
  readonly rows: readonly RowName[];
  readonly options: BenchOptions;
  readonly jsonPath: string | null;
}

/** @throws Error with a sentence for the person at the terminal */
export function readArguments(argv: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      program: { type: "string", default: "src/cli/main.ts" },
      "node-flags": { type: "string", default: "--max-semi-space-size=4" },
      full: { type: "boolean", default: false },
      disk: { type: "boolean", default: false },
      json: { type: "string" },
      profile: { type: "string" },
      earlier: { type: "string" },
    },
  });
  const rows = positionals.map(readRow);
  return {
    wantsHelp: values.help,
    rows: rows.length === 0 ? ROW_NAMES : rows,
    jsonPath: values.json ?? null,
    options: {
      isQuick: values.quick,
      isFull: values.full,
      onDisk: values.disk,
      gate: {
        program: values.program,
        nodeFlags: values["node-flags"].split(" ").filter((flag) => flag !== ""),
      },
      earlierProgram: values.earlier ?? null,
      profileFolder: values.profile ?? null,
    },
  };
}

function readRow(name: string): RowName {
  const row = ROW_NAMES.find((known) => known === name);
  if (row === undefined) throw new Error(`There is no row "${name}". Rows: ${ROW_NAMES.join(", ")}.`);
  return row;
}
