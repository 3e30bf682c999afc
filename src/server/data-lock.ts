/**
 * One gate a data folder. The lock is an exclusive transaction on a database file of its own: the operating system lets go of it the
 * moment the process is gone, also after `kill -9`, so there is never a stale one.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GateError } from "../problems/gate-error.ts";

/**
 * Takes the lock; the result lets go of it.
 * @throws RECORDS_UNAVAILABLE where another gate has it or the folder cannot be written
 */
export function lockData(recordsPath: string): () => void {
  const path = `${recordsPath}.lock`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (cause) {
    throw new GateError("RECORDS_UNAVAILABLE", {
      message: `The data folder ${dirname(path)} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
      expected: "a writable folder that no other gate is using",
      cause,
    });
  }
}
