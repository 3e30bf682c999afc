/**
 * `sluicegate lint`: everything that is wrong with the settings and the flows, with line and column; after that what is legal and unwise.
 */
import { join } from "node:path";
import { readFlowFolder } from "../flows/load-flows.ts";
import type { ReviewNote } from "../flows/review/review-note.ts";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { type FlowPlace, type FlowPlaceArguments, findFlows, problemLine, shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { type FlowLint, lintFlow } from "./lint-flow.ts";
import { reviewLines } from "./review-lines.ts";

export interface LintArguments extends FlowPlaceArguments {
  readonly format?: string;
  /** Warnings count as problems. */
  readonly strict?: boolean;
}

/** What was found; `fine` and `flows` are names. */
interface LintResult {
  readonly ok: boolean;
  readonly flows: readonly string[];
  readonly fine: readonly string[];
  readonly problems: readonly SetupProblem[];
  /** What is legal and unwise: docs/review.md. */
  readonly review: readonly ReviewNote[];
  readonly summary: string;
}

/** Exit codes: 0 nothing wrong (warnings allowed, unless strict), 1 problems, 2 could not run. */
export async function lintCommand(args: LintArguments, io: CommandIo, now = new Date()): Promise<number> {
  const { format = "text", strict = false } = args;
  if (format !== "text" && format !== "json") {
    io.err(`--format takes text or json, not ${format}`);
    return 2;
  }
  const place = await findFlows(args);
  if (!place.ok && place.isMissing) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return 2;
  }
  const result = place.ok ? await lintFlows(place, now) : settingsResult(place.problems);
  if (format === "json") io.out(JSON.stringify(result, null, 2));
  else for (const line of textOf(result)) io.out(line);
  const hasWarnings = result.problems.length + result.review.length > 0;
  return result.ok && !(strict && hasWarnings) ? 0 : 1;
}

function textOf({ problems, review, summary }: LintResult): string[] {
  return [...problems.map(problemLine), ...reviewLines(review), summary];
}

async function lintFlows(
  { options, settings }: FlowPlace & { readonly ok: true },
  now: Date,
): Promise<LintResult> {
  const reading = await readFlowFolder(options);
  const context = {
    today: now.toISOString().slice(0, 10),
    receiptLifetimeMs: settings?.receipts.lifetimeMs ?? null,
  };
  const lints: FlowLint[] = [];
  for (const flow of reading.fine) {
    const source = reading.sources.get(flow.name);
    if (source !== undefined)
      lints.push(await lintFlow(flow, source, join(options.folder, flow.name), context));
  }
  const broken = new Set(reading.fine.filter((_, index) => (lints[index]?.problems.length ?? 0) > 0));
  const fine = reading.fine.filter((flow) => !broken.has(flow)).map(({ name }) => name);
  const problems = [...reading.problems, ...lints.flatMap((lint) => lint.problems)];
  const review = lints.flatMap((lint) => lint.review);
  const ok = problems.every(({ severity }) => severity !== "error");
  const unchecked =
    options.upstreams === "any" ? " Upstream names were not checked: there are no settings." : "";
  const summary = `${summaryOf(problems, review, fine, reading.names, shownPath(options.folder))}${unchecked}`;
  return { ok, flows: reading.names, fine, problems, review, summary };
}

function summaryOf(
  problems: readonly SetupProblem[],
  review: readonly ReviewNote[],
  fine: readonly string[],
  names: readonly string[],
  where: string,
): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const thoughts =
    review.length === 0 ? "" : `; ${count(review.length, "thing")} to think about (docs/review.md)`;
  return errors === 0
    ? `${count(fine.length, "flow")} in ${where}: fine${thoughts}.`
    : `${count(errors, "problem")}; ${fine.length} of ${count(names.length, "flow")} in ${where} fine${thoughts}.`;
}

function settingsResult(problems: readonly SetupProblem[]): LintResult {
  const summary = `${count(problems.length, "problem")} in the settings; the flows were not looked at.`;
  return { ok: false, flows: [], fine: [], problems, review: [], summary };
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
