/**
 * Text fit to be shown: much of it was chosen by clients, and by attackers among them.
 *
 * Always holds: nothing that comes out hides, turns the direction of writing, or begins a line of its own. Line ends and tabs stay: only a `pre` shows them.
 * The same rule as in reports (`src/checks/reports/shown-text.ts`).
 */

/** Controls but line end and tab, format characters (bidi and zero width among them), separators, halves of pairs, what fonts do not know. */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** The text with everything unprintable written as `\u{XXXX}`. */
export function shownText(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  );
}
