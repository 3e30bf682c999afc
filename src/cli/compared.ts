/**
 * What is done with every comparison, however it came about: kept, told, and turned into an exit code.
 */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Comparison } from "../measure/comparison.ts";
import { exitOf } from "../measure/judge/exit-of.ts";
import { htmlComparison } from "../measure/reports/html-comparison.ts";
import { markdownComparison } from "../measure/reports/markdown-comparison.ts";
import { terminalComparison } from "../measure/reports/terminal-comparison.ts";
import { GateError } from "../problems/gate-error.ts";
import { UsageError } from "./check-options.ts";
import type { CompareArguments, CompareReport, CompareWish } from "./compare-options.ts";
import { shownPath } from "./find-flows.ts";
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

/** Writes `comparison.json` first, then the reports, and prints the result. @returns the exit code */
export async function tellComparison(
  comparison: Comparison,
  folder: string,
  { args, wish, io, terminal }: AskedComparison,
): Promise<number> {
  await writeFile(join(folder, "comparison.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  const written = await writeReports(comparison, wish.formats, args.out ?? folder);
  const reportPath = written.length === 0 ? null : written.map(shownPath).join(", ");
  if (args.json === true) io.out(JSON.stringify(comparison, null, 2));
  else terminal.page(terminalComparison(comparison, { ...terminal, reportPath }));
  io.err(`Kept in ${shownPath(folder)}: judge it again with sluicegate compare --again ${comparison.id}`);
  return exitOf(comparison, comparison.expected);
}

const REPORTS: Readonly<
  Record<CompareReport, readonly [name: string, make: (comparison: Comparison) => string]>
> = {
  html: ["report.html", htmlComparison],
  md: ["report.md", markdownComparison],
};

/** @throws REPORT_UNWRITABLE; the comparison itself is kept by then */
async function writeReports(
  comparison: Comparison,
  formats: readonly CompareReport[],
  into: string,
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const format of new Set(formats)) {
    const [name, make] = REPORTS[format];
    const path = join(into, name);
    try {
      await mkdir(into, { recursive: true });
      await writeFile(path, make(comparison));
    } catch (cause) {
      throw new GateError("REPORT_UNWRITABLE", {
        message: `The report ${path} cannot be written.`,
        seen: cause instanceof Error ? cause.message : String(cause),
        cause,
      });
    }
    written.push(path);
  }
  return written;
}
