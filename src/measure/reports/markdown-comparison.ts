/**
 * A comparison as Markdown, for a change record or a pull request: the sentence, the table of four rows, the rest folded.
 *
 * Always holds: whatever a target answered stays text; it reads well as plain text too.
 */
import { code, fenced, inLine, plain } from "../../checks/reports/markdown-text.ts";
import { shownLine } from "../../checks/reports/shown-text.ts";
import type { Comparison } from "../comparison.ts";
import { sayMs } from "../judge/say-change.ts";
import { comparisonFacts, otherEffects, sayP } from "./comparison-facts.ts";
import { rowName, sayJudgement, verdictWords } from "./verdict-words.ts";

const SENTENCE_CHARS = 1200;
const LIST_MAX = 20;

/** The text, ending in a line break. */
export function markdownComparison(comparison: Comparison): string {
  const { shape, meaning } = verdictWords(comparison);
  return `${[
    `### ${shape} ${plain(comparison.sentence, SENTENCE_CHARS)}`,
    "",
    plain(meaning),
    "",
    ...rowTable(comparison),
    "",
    ...reasonList(comparison),
    ...folded("What was compared, and how the run went", factLines(comparison)),
    ...folded("All effects and quantiles", effectLines(comparison)),
    ...folded("Commands", commandLines(comparison)),
    `<sub>Comparison ${inLine(comparison.id)} by ${plain(comparison.program)}; evidence SHA-256 ${code(comparison.evidenceSha256)}</sub>`,
  ].join("\n")}\n`;
}

function rowTable({ rows }: Comparison): readonly string[] {
  return [
    "| | before | after | change | interval | |",
    "|---|---|---|---|---|---|",
    ...rows.map(
      (row) =>
        `| **${rowName(row)}** | ${[row.before, row.after, row.change, row.interval ?? "", sayJudgement(row)].map((text) => inLine(text, 160)).join(" | ")} |`,
    ),
  ];
}

function reasonList({ reasons, sentence }: Comparison): readonly string[] {
  const rest = reasons.filter((reason) => !sentence.includes(reason)).slice(0, LIST_MAX);
  return rest.length === 0 ? [] : [...rest.map((reason) => `- ${inLine(reason, SENTENCE_CHARS)}`), ""];
}

function folded(summary: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0
    ? []
    : [`<details><summary>${summary}</summary>`, "", ...lines, "", "</details>", ""];
}

function factLines(comparison: Comparison): readonly string[] {
  return [
    ...comparisonFacts(comparison).map(([name, text]) => `- ${name}: ${inLine(text)}`),
    ...comparison.health.map((line) => `- ${inLine(line, SENTENCE_CHARS)}`),
    ...comparison.differing
      .slice(0, LIST_MAX)
      .map(({ key, a, b }) => `- Differs: ${code(key)}: ${code(`${a}`)} → ${code(`${b}`)}`),
  ];
}

function effectLines(comparison: Comparison): readonly string[] {
  const effects = otherEffects(comparison).map(
    ({ name, meaning, text, pValue }) => `- ${plain(name)} (${meaning}): ${inLine(text)}, p ${sayP(pValue)}`,
  );
  if (comparison.quantiles.length === 0) return effects;
  return [
    ...effects,
    "",
    "| quantile | before | after |",
    "|---|---|---|",
    ...comparison.quantiles.map(
      ({ quantile, a, b }) => `| p${Math.round(quantile * 100)} | ${sayMs(a)} | ${sayMs(b)} |`,
    ),
  ];
}

function commandLines({ commands, cleared, rollback }: Comparison): readonly string[] {
  const lines = [
    ...commands,
    ...cleared.map(({ cache, command, exitCode }) => `${command}  # cleared ${cache}, exit ${exitCode}`),
    ...(rollback === null ? [] : [`${rollback}  # the way back`]),
  ];
  return lines.length === 0
    ? []
    : [
        fenced(
          "sh",
          lines.map((line) => shownLine(line, 1000)),
        ),
      ];
}
