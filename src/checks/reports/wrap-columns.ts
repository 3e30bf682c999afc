/**
 * Prose as lines that fit the columns of a terminal.
 *
 * In: printable text (`shownLine`). Always holds: no line is wider than `columns`; a word that is, is broken.
 */

/** Takes two columns on terminals. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const ZERO_WIDTH = /\p{Mn}|\p{Me}/u;

/** Columns that a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Lines of at most `columns`, broken at spaces, or inside a word that is longer. At least one line. */
export function wrapColumns(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((each) => brokenWord(each, columns))) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (columnsOf(joined) <= columns) line = joined;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** The first lines of it; the last of them says that there is more. */
export function wrapAtMost(text: string, columns: number, linesMax: number): readonly string[] {
  const lines = wrapColumns(text, columns);
  if (lines.length <= linesMax) return lines;
  const kept = lines.slice(0, linesMax);
  const last = cutColumns(kept.at(-1) ?? "", columns - 2);
  return [...kept.slice(0, -1), `${last} …`];
}

/** As much of a text as fits. */
export function cutColumns(text: string, columns: number): string {
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns) break;
    kept += character;
  }
  return kept;
}

function brokenWord(word: string, columns: number): readonly string[] {
  if (columnsOf(word) <= columns) return [word];
  const pieces: string[] = [];
  let rest = word;
  while (rest !== "") {
    const piece = cutColumns(rest, Math.max(2, columns));
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  return pieces;
}
