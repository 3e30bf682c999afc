/**
 * Text that others chose, fit for a terminal: nothing in it can move the cursor, colour, turn the direction of writing, hide or begin a line.
 */
import { escapeUnits } from "../problems/escape-units.ts";

/** Controls, format characters (bidi and zero width among them), line and paragraph separators, halves of pairs, what fonts do not know. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** What needs no quotes to be told apart from the words around it. */
const PLAIN = /^[\p{L}\p{M}\p{N}_.:/@+*,=%~#-]+$/u;

/** JSON text with the same value, in which everything unprintable is written as `\uXXXX`. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, escapeUnits);
}

/** A word as it is; anything else in double quotes and escaped, so that it cannot pass for several words or for another column. */
export function printableWord(text: string): string {
  return PLAIN.test(text) ? text : printableJson(text);
}

/** Lines as they are printed: what a command left in them of a client's text cannot act on the terminal; tabs and line ends stay. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === "\n" || character === "\t" ? character : escapeUnits(character),
  );
}
