/**
 * What is done with every comparison, however it came about: kept, told, and turned into an exit code.
 */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Comparison } from "../measure/comparison.ts";
import { exitOf } from "../measure/judge/exit-of.ts";
import { UsageError } from "./check-options.ts";
import type { CompareArguments, CompareWish } from "./compare-options.ts";
import type { CommandIo } from "./io.ts";
import { STATE_FOLDER } from "./runs-folder.ts";
import type { Terminal } from "./terminal.ts";

/** What was asked for, read, and whom to tell. */
export interface AskedComparison {
  readonly args: CompareArguments;
  readonly wish: CompareWish;
  readonly io: CommandIo;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

const COMPARISONS_FOLDER = join(STATE_FOLDER, "comparisons");
export const NOISE_FOLDER = join(STATE_FOLDER, "noise");

export const comparisonFolder = (id: string): string => join(COMPARISONS_FOLDER, id);

/** @param named an id, or `last`. @throws UsageError where there is none */
export async function findComparison(named: string): Promise<string> {
  const entries = await readdir(COMPARISONS_FOLDER, { withFileTypes: true }).catch(() => []);
  const ids = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const found = named === "last" ? ids.sort().at(-1) : ids.find((id) => id === named);
  if (found !== undefined) return comparisonFolder(found);
  throw new UsageError(
    named === "last"
      ? `There is no comparison in ${COMPARISONS_FOLDER} yet.`
      : `There is no comparison ${named} in ${COMPARISONS_FOLDER}: they are kept where compare was started.`,
  );
}

/** Writes `comparison.json` and the reports, prints the result. @returns the exit code */
export async function tellComparison(
  comparison: Comparison,
  folder: string,
  { args, wish, io, terminal }: AskedComparison,
): Promise<number> {
  await writeFile(join(folder, "comparison.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  if (args.json === true) io.out(JSON.stringify(comparison, null, 2));
  else terminal.page(`${comparison.sentence}\n`);
  void wish;
  return exitOf(comparison, comparison.expected);
}
