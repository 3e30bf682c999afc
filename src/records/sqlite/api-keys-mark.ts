/**
 * How a process that changes an API key tells the others: by a byte more in a small file beside the database. Its size is the mark.
 *
 * Always holds: the byte is written after the change is committed and before the change is answered. A size and not a time, because times of
 * files have a grain in which two changes fall. Nothing but speed rests on the file: where it cannot be written, nobody is told.
 */
import { appendFileSync, statSync } from "node:fs";

const markFileOf = (databasePath: string): string => `${databasePath}-keys`;

/** Another value than before: a key may have changed. `null` where there is no telling. Takes some microseconds. */
export function readApiKeysMark(databasePath: string): number | null {
  try {
    return statSync(markFileOf(databasePath), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return null;
  }
}

/** Tells that a key has changed. Never throws: the change itself has been made. */
export function moveApiKeysMark(databasePath: string): void {
  try {
    appendFileSync(markFileOf(databasePath), "+", { mode: 0o600 });
  } catch {
    // Who remembers keys forgets them soon by itself.
  }
}
