/**
 * A run as Markdown, for a comment on a pull request: the sentence, a table of what is broken, the rest folded.
 *
 * Always holds: whatever the target answered stays text: no markup, no link, no picture, nobody is mentioned. It stays below 60,000 characters,
 * which is what forges take.
 */
import type { CheckResult, CheckRun } from "../run/check-run.ts";
import { code, fenced, plain } from "./markdown-text.ts";
import {
  decidingCase,
  explainCommand,
  headline,
  remediesFor,
  replayCommand,
  sayAge,
  sayChange,
  sayCost,
  sayTarget,
  waiveCommand,
} from "./run-words.ts";
import { shownLine } from "./shown-text.ts";
import { resultsIn, STATE_GROUPS, stateWord } from "./state-words.ts";

const CHARS_MAX = 60_000;
const ROWS_MAX = 50;
const CELL_CHARS = 160;
const DIFF_LINES_MAX = 20;

/** The text, ending in a line break. */
export function markdownReport(run: CheckRun): string {
  const failed = resultsIn(run.results, "fail");
  const { sentence, stop } = headline(run);
  const head = [`### ${plain(sentence)}`, "", code(sayTarget(run)), "", countsOf(run), ""];
  if (stop !== null) head.push(`**The run ended early.** ${plain(stop)}`, "");
  if (failed.length > 0) head.push(...failureTable(run, failed), "");
  const end = [...foldedLists(run), footer(run), ""].join("\n");
  let text = head.join("\n");
  for (const result of failed) {
    const part = `\n${failureDetails(run, result)}\n`;
    if (text.length + part.length + end.length > CHARS_MAX) {
      text += "\n_More is broken than fits here: see the report of the run._\n";
      break;
    }
    text += part;
  }
  return `${text}\n${end}`;
}

function countsOf(run: CheckRun): string {
  const counts = STATE_GROUPS.map((group) => [group, resultsIn(run.results, group.key).length] as const);
  const told = counts.filter(([, count]) => count > 0);
  return told.map(([group, count]) => `${group.shape} **${count}** ${group.inSentence}`).join(" · ");
}

function failureTable(run: CheckRun, failed: readonly CheckResult[]): string[] {
  const rows = failed.slice(0, ROWS_MAX).map((result) => {
    const report = decidingCase(result);
    const age = sayAge(run, result);
    const id = `${code(result.id)}${age === null ? "" : ` ${age}`}`;
    const cells = [
      id,
      plain(result.sentence, CELL_CHARS),
      plain(report?.promised ?? "", CELL_CHARS),
      plain(report?.observed ?? "", CELL_CHARS),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const more = failed.length > ROWS_MAX ? ["", `and ${failed.length - ROWS_MAX} more`] : [];
  return ["| Check | What is wrong | Promised | Observed |", "|---|---|---|---|", ...rows, ...more];
}

function failureDetails(run: CheckRun, result: CheckResult): string {
  const report = decidingCase(result);
  const [remedy] = remediesFor(run, result.remedy);
  const replay = report === null ? null : replayCommand(report);
  const commands = [replay, explainCommand(result), waiveCommand(run, result)].filter(
    (each) => each !== null,
  );
  const difference = (report?.diff ?? []).slice(0, DIFF_LINES_MAX).map((line) => shownLine(line, 200));
  return [
    `<details><summary>✕ <b>${plain(result.id)}</b> ${plain(result.title)}</summary>`,
    "",
    plain(result.why),
    "",
    ...(report === null ? [] : [`Case: ${plain(report.name)}`, ""]),
    ...(difference.length === 0 ? [] : [fenced("diff", difference), ""]),
    ...(remedy === undefined
      ? []
      : [`**What to do (${plain(remedy.name)}):** ${plain(remedy.text, 1500)}`, ""]),
    fenced("sh", commands),
    "",
    `References: ${result.standards.map((each) => plain(each, 60)).join(", ")}`,
    "",
    "</details>",
  ].join("\n");
}

/** What is neither broken nor simply kept, a folded list for each group. */
function foldedLists(run: CheckRun): string[] {
  const keys = ["unclear", "warn", "waived", "manual"] as const;
  return keys.flatMap((key) => {
    const results = resultsIn(run.results, key);
    const group = STATE_GROUPS.find((each) => each.key === key);
    if (results.length === 0 || group === undefined) return [];
    const items = results
      .slice(0, ROWS_MAX)
      .map(
        (result) => `- ${code(result.id)} ${stateWord(result.state)}: ${plain(noteOf(result), CELL_CHARS)}`,
      );
    const more = results.length > ROWS_MAX ? [`- and ${results.length - ROWS_MAX} more`] : [];
    return [
      `<details><summary>${group.shape} ${results.length} ${group.inSentence}</summary>`,
      "",
      ...items,
      ...more,
      "",
      "</details>",
      "",
    ];
  });
}

function noteOf({ waiver, sentence }: CheckResult): string {
  return waiver === null ? sentence : `until ${waiver.until} by ${waiver.owner}: ${waiver.reason}`;
}

function footer(run: CheckRun): string {
  const parts = [`${sayCost(run)}.`, sayChange(run.baseline), `Run ${run.id}, profile ${run.profile}.`];
  return `<sub>${plain(parts.filter((part) => part !== null).join(" "))}</sub>`;
}
