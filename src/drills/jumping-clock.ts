/**
 * A wall clock that jumps: loaded into a drill's gate before everything else (`node --import`), it shifts `Date` by the milliseconds that stand in the
 * file which SLUICEGATE_DRILL_CLOCK names, in every thread. Clocks that do not jump, by which deadlines are kept, stay as they are.
 *
 * Always holds: without that variable it does nothing. It does not shift what others tell the time of: files, certificates, SQLite's own functions.
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";

/** Names the file of the shift. */
export const CLOCK_VARIABLE = "SLUICEGATE_DRILL_CLOCK";

/** The file is looked at no more often: the clock is read all the time. */
const LOOK_EVERY_MS = 10;

/** This module, as `--import` takes it. */
export const CLOCK_MODULE = import.meta.url;

/** Sets the clock of whoever reads the file off by so much. */
export function jumpTo(file: string, shiftMs: number): Promise<void> {
  return writeFile(file, String(shiftMs));
}

const file = process.env[CLOCK_VARIABLE];
if (file !== undefined) shiftDates(file);

function shiftDates(path: string): void {
  const realNow = Date.now.bind(Date);
  let shiftMs = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const now = (): number => {
    if (performance.now() - lookedAt > LOOK_EVERY_MS) {
      shiftMs = readShift(path);
      lookedAt = performance.now();
    }
    return realNow() + shiftMs;
  };
  globalThis.Date = new Proxy(Date, {
    construct: (real, args, made) =>
      Reflect.construct(real, args.length === 0 ? [now()] : args, made) as Date,
    apply: () => new Date(now()).toString(),
    get: (real, name, receiver) => (name === "now" ? now : (Reflect.get(real, name, receiver) as unknown)),
  });
}

function readShift(path: string): number {
  try {
    return Number(readFileSync(path, "utf8")) || 0;
  } catch {
    return 0;
  }
}
