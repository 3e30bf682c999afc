/**
 * Text in Markdown that stays text: no markup, no link, no picture, nobody is mentioned, whatever a target answered.
 */
import { shownLine } from "./shown-text.ts";

/** Text that stays text: what forges make links and mentions of is broken by a space that has no width. */
export function plain(text: string, charsMax = 400): string {
  const broken = shownLine(text, charsMax).replace(/[@#]|:\/\/|\bwww\.|\bGH-/gi, (found) => `${found}\u200b`);
  return escaped(broken);
}

/** The same within a line that has begun with a word or a cell of a table: a figure at its beginning makes no list there, and stays readable. */
export function inLine(text: string, charsMax = 400): string {
  return plain(`.${text}`, charsMax + 1).slice(1);
}

/** A span of code that no backtick inside can end, and no pipe can cut: as it is, to be copied. */
export function code(text: string): string {
  return `<code>${escaped(shownLine(text))}</code>`;
}

/** What Markdown or HTML read as markup is written as entities: some characters anywhere, others where a line may begin with them. */
function escaped(text: string): string {
  const markup = /[&<>|`*_~\\[\]{}#$@]|^[-+=\d]|:(?=\/\/|[\w+-]+:)|(?<=www)\./gi;
  return text.replace(markup, (found) => `&#${found.charCodeAt(0)};`);
}

/** A block of code: longer fences than any row of backticks inside. */
export function fenced(language: string, lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, ...lines, fence].join("\n");
}
