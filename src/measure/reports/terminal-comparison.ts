/**
 * A comparison for whoever waits for it in a terminal: the verdict with its numbers, the four rows, why, and where the rest is.
 *
 * Always holds: read in ten seconds and without colour; no line but a command to be copied is wider than `columns`.
 */
import { shownLine } from "../../checks/reports/shown-text.ts";
import { type Colour, TerminalPage } from "../../checks/reports/terminal-page.ts";
import type { TerminalOptions } from "../../checks/reports/terminal-report.ts";
import { columnsOf, cutColumns } from "../../checks/reports/wrap-columns.ts";
import type { Comparison, ComparisonRow } from "../comparison.ts";
import { comparisonFacts } from "./comparison-facts.ts";
import { rowName, sayJudgement, type Tone, verdictWords } from "./verdict-words.ts";

const COLOURS: Readonly<Record<Tone, Colour>> = {
  good: "green",
  bad: "red",
  even: "bold",
  unclear: "yellow",
  stopped: "yellow",
};
const REASONS_MAX = 6;
const SENTENCE_CHARS = 1200;

/** The whole report, ending in a line break. */
export function terminalComparison(comparison: Comparison, options: TerminalOptions): string {
  const page = new TerminalPage(options);
  const { tone, shape, meaning } = verdictWords(comparison);
  page.prose(`${shape} ${shownLine(comparison.sentence, SENTENCE_CHARS)}`, COLOURS[tone]);
  page.prose(meaning, "dim");
  page.gap();
  for (const line of table(comparison.rows, page.columns)) page.line(line);
  writeList(page, "Why", restOf(comparison).slice(0, REASONS_MAX));
  page.gap();
  for (const [name, text] of comparisonFacts(comparison)) page.labelled(name, shownLine(text), 3);
  writeList(page, "The run", comparison.health);
  writeRollback(page, comparison);
  if (options.reportPath !== null) page.line(`Full report: ${shownLine(options.reportPath, 1000)}`);
  return page.text();
}

/** Reasons that the sentence on top does not tell already. */
function restOf({ reasons, sentence }: Comparison): readonly string[] {
  return reasons.filter((reason) => !sentence.includes(reason));
}

function writeList(page: TerminalPage, heading: string, items: readonly string[]): void {
  if (items.length === 0) return;
  page.gap();
  page.line(`${heading}:`);
  for (const item of items) page.hanging("  ", `- ${shownLine(item, SENTENCE_CHARS)}`, 2);
}

function writeRollback(page: TerminalPage, { rollback, verdict }: Comparison): void {
  page.gap();
  if (rollback !== null && (verdict === "SLOWER" || verdict === "WORSE ERRORS"))
    page.command("Way back", shownLine(rollback, 1000));
}

/** The four rows in columns as wide as their texts; where that is too wide, each row on lines of its own. */
function table(rows: readonly ComparisonRow[], columns: number): readonly string[] {
  const cells = rows.map((row) =>
    [rowName(row), row.before, row.after, row.change, row.interval ?? "", sayJudgement(row)].map((text) =>
      shownLine(text, 120),
    ),
  );
  const lines = [["", "before", "after", "change", "interval", ""], ...cells];
  const widths = (lines[0] ?? []).map((_, index) =>
    Math.max(...lines.map((line) => columnsOf(line[index] ?? ""))),
  );
  const total = widths.reduce((sum, width) => sum + width + 2, 2);
  if (total <= columns) return lines.map((line) => `  ${padded(line, widths)}`.trimEnd());
  return cells.flatMap(([name = "", before = "", after = "", change = "", interval = "", word = ""]) => [
    cutColumns(`  ${name}: ${word}`, columns),
    cutColumns(`    ${before} → ${after}`, columns),
    cutColumns(`    ${change}${interval === "" ? "" : `, ${interval}`}`, columns),
  ]);
}

function padded(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, index) => cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - columnsOf(cell))))
    .join("  ");
}
