/**
 * A run for whoever started it in a terminal: the sentence first, then what is broken, what to do about it, and where to look closer.
 *
 * Always holds: it is read without colour; no line but a command to be copied is wider than `columns`; nothing of the target's acts on the terminal.
 */
import type { CaseReport, CheckResult, CheckRun } from "../run/check-run.ts";
import {
  decidingCase,
  decidingCases,
  explainCommand,
  headline,
  remediesFor,
  replayCommand,
  sayAge,
  sayChange,
  sayCost,
  sayFramework,
  sayTarget,
} from "./run-words.ts";
import { sayCount } from "./say-figures.ts";
import { shownLine } from "./shown-text.ts";
import { resultsIn, STATE_GROUPS, stateWord } from "./state-words.ts";
import { TerminalPage } from "./terminal-page.ts";
import { columnsOf, cutColumns, wrapAtMost } from "./wrap-columns.ts";

export interface TerminalOptions {
  /** Width of the terminal; 80 where it is not known. */
  readonly columns: number;
  readonly isColoured: boolean;
  /** Where the full report is, if one was written. */
  readonly reportPath: string | null;
}

/** More broken promises than these are told in one line each: the report has the rest. */
const DETAILED_MAX = 10;
const LEFTOVERS_MAX = 5;
/** Of checks that are left open for one and the same reason. */
const IDS_MAX = 24;

/** The whole report, ending in a line break. */
export function terminalReport(run: CheckRun, options: TerminalOptions): string {
  const page = new TerminalPage(options);
  const failed = resultsIn(run.results, "fail");
  const { sentence, stop } = headline(run);
  page.prose(shownLine(sentence), run.exitCode === 0 ? "green" : "bold");
  if (stop !== null) page.prose(`Ended early: ${shownLine(stop, 800)}`, "yellow");
  page.gap();
  writeTarget(page, run);
  for (const result of failed.slice(0, DETAILED_MAX)) writeFailure(page, run, result);
  writeLines(page, "Also broken", failed.slice(DETAILED_MAX), (each) => each.sentence);
  writeUnclear(page, run);
  writeLines(
    page,
    "Nobody has promised these, and they are not so",
    resultsIn(run.results, "warn"),
    (each) => each.title,
  );
  writeLines(page, "Waived", resultsIn(run.results, "waived"), whyWaived);
  writeEnd(page, run, options.reportPath);
  return page.text();
}

function writeTarget(page: TerminalPage, run: CheckRun): void {
  const { target } = run;
  page.prose(sayTarget(run));
  page.prose(`${about(run)}.`, "dim");
  const assumed = shownLine(target.assumptions.join(" "), 600);
  if (assumed !== "")
    for (const line of wrapAtMost(`Taken for promised: ${assumed}`, page.columns, 3)) page.line(line, "dim");
  const counts = STATE_GROUPS.map((group) => [group, resultsIn(run.results, group.key).length] as const);
  const told = counts
    .filter(([, count]) => count > 0)
    .map(([group, count]) => `${count} ${group.inSentence}`);
  page.prose(told.length === 0 ? "No check was run." : told.join(", "));
}

function about(run: CheckRun): string {
  const { flow, framework, front, serves, readBack } = run.target;
  const facts = [
    flow === null ? "No flow file" : `Flow ${shownLine(flow)}`,
    `framework ${sayFramework(framework)}`,
    front === "sluicegate" ? "Sluicegate is in front" : null,
    serves === null ? null : `answers as ${shownLine(serves, 80)}`,
    readBack === null ? "what is stored cannot be read back" : null,
    `profile ${run.profile}`,
  ];
  return facts.filter((fact) => fact !== null).join("; ");
}

function writeFailure(page: TerminalPage, run: CheckRun, result: CheckResult): void {
  const age = sayAge(run, result);
  const broken = decidingCases(result);
  const [first] = broken;
  page.gap();
  const title = `✕ ${shownLine(result.id)}${age === null ? "" : ` (${age})`}  ${shownLine(result.title)}`;
  page.hanging("", title, 4, "red");
  page.hanging("  ", shownLine(result.sentence), 2, "bold");
  if (first !== undefined) writeCase(page, first, broken.length);
  const [remedy] = remediesFor(run, result.remedy);
  if (remedy !== undefined) page.labelled("Remedy", `${remedy.name}: ${remedy.text}`, 2);
  const replay = first === undefined ? null : replayCommand(first);
  if (replay !== null) page.command("Closer", replay);
  page.command(replay === null ? "Closer" : "", explainCommand(result));
}

function writeCase(page: TerminalPage, first: CaseReport, count: number): void {
  const others = count > 1 ? ` (and ${sayCount(count - 1, "other case")})` : "";
  page.labelled("Case", `${shownLine(first.name, 120)}${others}`, 2);
  if (first.promised !== null) page.labelled("Promised", shownLine(first.promised), 3);
  if (first.observed !== null) page.labelled("Observed", shownLine(first.observed), 3);
}

/** A heading, and one line for each result. */
function writeLines(
  page: TerminalPage,
  heading: string,
  results: readonly CheckResult[],
  say: (result: CheckResult) => string,
): void {
  if (results.length === 0) return;
  page.gap();
  page.prose(`${heading}:`);
  for (const result of results) {
    const text = `  ${shapeOf(result)} ${shownLine(result.id)}  ${shownLine(say(result))}`;
    page.line(columnsOf(text) <= page.columns ? text : `${cutColumns(text, page.columns - 2)} …`);
  }
}

/** One reason often holds for many checks: it is told once, with what one can do about it. */
function writeUnclear(page: TerminalPage, run: CheckRun): void {
  const unclear = resultsIn(run.results, "unclear");
  if (unclear.length === 0) return;
  page.gap();
  page.prose("Could not be checked:");
  for (const [reason, results] of Map.groupBy(unclear, whyUnclear)) {
    page.hanging("  ", `? ${shownLine(reason, 300)}`, 2);
    const ids = results.slice(0, IDS_MAX).map(({ id }) => shownLine(id));
    const more = results.length - ids.length;
    page.hanging("    ", ids.join(", ") + (more > 0 ? ` and ${more} more` : ""), 0);
  }
  if (unclear.some((result) => whyUnclear(result).includes(NOBODY_LOOKS))) page.prose(howToLook(run));
}

const NOBODY_LOOKS = "nobody can look at what was stored";

function howToLook({ target }: CheckRun): string {
  const where =
    target.flow === null
      ? "have the flow folder written (--write-flow), and say in its flow.yaml"
      : "say in the flow file";
  return `To let check look, ${where} under verify.read-back where a stored file can be read, or listed.`;
}

function shapeOf(result: CheckResult): string {
  return STATE_GROUPS.find((group) => group.states.includes(result.state))?.shape ?? "?";
}

function whyUnclear(result: CheckResult): string {
  const reason = decidingCase(result)?.reasons[0] ?? result.sentence;
  return result.state === "error" ? `${stateWord("error")}: ${reason}` : reason;
}

function whyWaived({ waiver, sentence }: CheckResult): string {
  return waiver === null ? sentence : `until ${waiver.until} by ${waiver.owner}: ${waiver.reason}`;
}

function writeEnd(page: TerminalPage, run: CheckRun, reportPath: string | null): void {
  page.gap();
  if (run.leftovers.length > 0) {
    page.prose("Stored by this run, and could not be removed again:", "yellow");
    for (const name of run.leftovers.slice(0, LEFTOVERS_MAX)) page.hanging("  ", shownLine(name, 200), 4);
    const more = run.leftovers.length - LEFTOVERS_MAX;
    if (more > 0) page.prose(`  and ${more} more`);
  }
  const change = sayChange(run.baseline);
  page.prose([`${sayCost(run)}.`, change].filter((part) => part !== null).join(" "));
  if (reportPath !== null) page.line(`Full report: ${shownLine(reportPath, 1000)}`);
}
