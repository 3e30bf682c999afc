/**
 * Rows as text for a terminal.
 */
import type { Figure, FigureKey, RowResult, Verdict } from "./figure.ts";

const COLUMNS: readonly { readonly key: FigureKey; readonly head: string; readonly digits: number }[] = [
  { key: "mbPerSecond", head: "MB/s", digits: 0 },
  { key: "perSecond", head: "requests/s", digits: 0 },
  { key: "cpuSecondsPerGb", head: "CPU s/GB", digits: 2 },
  { key: "cpuSecondsPerThousand", head: "CPU s/1,000", digits: 3 },
  { key: "p50Ms", head: "p50 ms", digits: 2 },
  { key: "p99Ms", head: "p99 ms", digits: 2 },
  { key: "peakMb", head: "peak MB", digits: 0 },
];

/** One row: its figures, then what is to be reached. */
export function formatRow(result: RowResult): string {
  const lines = [`── ${result.title}`, ...formatFigures(result.figures)];
  if (result.verdicts.length > 0) lines.push("");
  for (const verdict of result.verdicts) lines.push(formatVerdict(verdict));
  for (const note of result.notes) lines.push(`  note: ${note}`);
  return lines.join("\n");
}

/** Every verdict of all rows once more, as a closing summary. */
export function formatSummary(results: readonly RowResult[]): string {
  const verdicts = results.flatMap((result) => result.verdicts);
  const reached = verdicts.filter((verdict) => verdict.isReached === true).length;
  const judged = verdicts.filter((verdict) => verdict.isReached !== null).length;
  const lines = results.flatMap((result) =>
    result.verdicts.map((verdict) => `${result.row.padEnd(14)}${formatVerdict(verdict)}`),
  );
  return [`── What is to be reached: ${reached} of ${judged}`, ...lines].join("\n");
}

function formatFigures(figures: readonly Figure[]): string[] {
  const columns = COLUMNS.filter(({ key }) => figures.some((figure) => figure[key] !== undefined));
  const rows = figures.map((figure) => [
    figure.subject,
    ...columns.map(({ key, digits }) => formatNumber(figure[key], digits)),
  ]);
  return align([["", ...columns.map(({ head }) => head)], ...rows]);
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `  ${cells.join("  ")}`;
  });
}

function formatVerdict({ what, value, unit, target, isReached, note }: Verdict): string {
  const mark = isReached === null ? "not judged" : isReached ? "reached" : "NOT REACHED";
  const seen = value === null ? "–" : `${formatNumber(value, unit === " MB" ? 0 : 2)}${unit}`;
  return `  ${mark.padEnd(12)}${seen.padStart(9)}  (${target})  ${what}${note === undefined ? "" : `: ${note}`}`;
}

function formatNumber(value: number | undefined, digits: number): string {
  if (value === undefined) return "";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
