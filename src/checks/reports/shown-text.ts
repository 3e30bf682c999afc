/**
 * Text from a run, fit to be shown: much of it was chosen by the target, or by the attack.
 *
 * Always holds: nothing that comes out can move a cursor, turn the direction of writing, hide, or begin a line of its own; it has a greatest length.
 * What a format needs on top (HTML, Markdown, XML) is escaped where that format is written.
 */
import { escapeUnits } from "../../problems/escape-units.ts";

/** Controls, format characters (bidi and zero width among them), line and paragraph separators, halves of pairs, what fonts do not know. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

const SENTENCE_CHARS = 400;

/** One line: everything unprintable written as `\uXXXX`, line ends among it; cut at `charsMax` with what was left out in words. */
export function shownLine(text: string, charsMax = SENTENCE_CHARS): string {
  return cut(text, charsMax).replace(UNPRINTABLE, escapeUnits);
}

/** Lines, each as `shownLine` makes it; at most `linesMax`. */
export function shownLines(text: string, charsMax: number, linesMax = 200): readonly string[] {
  const lines = cut(text, charsMax).split(/\r\n|\n/);
  const shown = lines.slice(0, linesMax).map((line) => line.replace(UNPRINTABLE, escapeUnits));
  return lines.length > linesMax ? [...shown, `… ${lines.length - linesMax} more lines`] : shown;
}

/** Bytes as text, for people: UTF-8 where it is that, else latin-1, each byte one character. */
export function textOf(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  const text = bytes.toString("utf8");
  return text.includes("�") ? bytes.toString("latin1") : text;
}

function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  return `${text.slice(0, charsMax)}… (${text.length - charsMax} characters more)`;
}
