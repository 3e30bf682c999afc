/**
 * Figures and words of others as they stand in a Markdown table or sentence.
 */

/** In a cell that has no figure. */
export const NOTHING = "–";

/** `12.3 ms`, `1.42 s`; a dash where there is none. */
export function sayMs(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms.toFixed(1)} ms`;
}

/** A relative change: `−18 %`, `+0.4 %`; a dash where there is nothing to compare with. */
export function sayChange(before: number | null, after: number | null): string {
  if (before === null || after === null || before === 0) return NOTHING;
  return saySigned((after / before - 1) * 100);
}

/** Percent with a sign; one digit behind the point below 10. */
function saySigned(percent: number): string {
  const size = Math.abs(percent);
  const digits = size < 9.95 ? size.toFixed(1) : size.toFixed(0);
  const sign = Number(digits) === 0 ? "±" : percent < 0 ? "−" : "+";
  return `${sign}${digits} %`;
}

/** `45 %` of counts, with the counts; a dash where there are none. */
export function sayShare(part: number, whole: number): string {
  if (whole === 0) return NOTHING;
  const percent = (100 * part) / whole;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} % (${part} of ${whole})`;
}

/** `2026-11-22 21:05 UTC`. */
export function sayMinute(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? NOTHING : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Text of others in a line: no line ends, no HTML, no marker, no cell's end. */
export function inLine(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[\\`*[\]|]/g, (character) => `\\${character}`)
    .replace(/</g, "&lt;");
}

/** The same as code: `3c4d`. */
export function inCode(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const ticks = "`".repeat(longestRun(line) + 1);
  const space = line.startsWith("`") || line.endsWith("`") || line === "" ? " " : "";
  return `${ticks}${space}${line}${space}${ticks}`;
}

/** Lines as a block of code; nothing in it can end the block, or the part of the record in which it stands. */
export function codeBlock(lines: readonly string[]): string[] {
  const text = lines.join("\n").replaceAll("<!--", "<! --");
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}sh`, ...text.split(/\r?\n/), fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}

/** A table; cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
}
