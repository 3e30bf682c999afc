/**
 * The word that somebody most likely meant.
 */

/**
 * Finds the known word nearest to what was written.
 * @returns the word with the smallest edit distance, where that is at most a third of the longer word (and at least one edit is always
 *   allowed); `null` where none is near. Case, `_` and spaces count as no difference.
 */
export function nearestWord(written: string, known: readonly string[]): string | null {
  const wanted = flatten(written.slice(0, 100));
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const word of known) {
    const distance = editDistance(wanted, flatten(word));
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, word.length) / 3));
    if (distance <= allowed && distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** ` Did you mean "x"?` or nothing; made to be appended to a sentence. */
export function didYouMean(written: string, known: readonly string[]): string {
  const nearest = nearestWord(written, known);
  return nearest === null ? "" : ` Did you mean "${nearest}"?`;
}

function flatten(word: string): string {
  return word.toLowerCase().replace(/[_\s]/g, "-");
}

/** Edits of one letter (left out, added, changed, or swapped with its neighbour) that lead from `a` to `b`: optimal string alignment. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
