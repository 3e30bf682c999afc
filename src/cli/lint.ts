/**
 * `sluicegate lint`: everything that is wrong with the settings and the flows, with line and column.
 */
import { readFlowFolder } from "../flows/load-flows.ts";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { type FlowPlaceArguments, findFlows, problemLine, shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

export interface LintArguments extends FlowPlaceArguments {
  readonly format?: string;
}

/** What was found; `fine` and `flows` are names. */
interface LintResult {
  readonly ok: boolean;
  readonly flows: readonly string[];
  readonly fine: readonly string[];
  readonly problems: readonly SetupProblem[];
  readonly summary: string;
}

/** Exit codes: 0 nothing wrong (warnings allowed), 1 problems, 2 could not run. */
export async function lintCommand(args: LintArguments, io: CommandIo): Promise<number> {
  const { format = "text" } = args;
  if (format !== "text" && format !== "json") {
    io.err(`--format takes text or json, not ${format}`);
    return 2;
  }
  const place = await findFlows(args);
  if (!place.ok && place.isMissing) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return 2;
  }
  const result = place.ok ? await lintFlows(place.options) : settingsResult(place.problems);
  if (format === "json") io.out(JSON.stringify(result, null, 2));
  else for (const line of [...result.problems.map(problemLine), result.summary]) io.out(line);
  return result.ok ? 0 : 1;
}

async function lintFlows(options: Parameters<typeof readFlowFolder>[0]): Promise<LintResult> {
  const { fine, names, problems } = await readFlowFolder(options);
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const unchecked =
    options.upstreams === "any" ? " Upstream names were not checked: there are no settings." : "";
  const where = shownPath(options.folder);
  const summary =
    errors === 0
      ? `${count(fine.length, "flow")} in ${where}: fine.${unchecked}`
      : `${count(errors, "problem")}; ${fine.length} of ${count(names.length, "flow")} in ${where} fine.${unchecked}`;
  return { ok: errors === 0, flows: names, fine: fine.map(({ name }) => name), problems, summary };
}

function settingsResult(problems: readonly SetupProblem[]): LintResult {
  const summary = `${count(problems.length, "problem")} in the settings; the flows were not looked at.`;
  return { ok: false, flows: [], fine: [], problems, summary };
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
