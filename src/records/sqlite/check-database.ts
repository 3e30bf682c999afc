/**
 * Whether a database is whole, asked before a gate goes to work on it: damage that is found on the first day costs a backup of yesterday, damage that
 * is found in a month costs a month.
 */
import type { DatabaseSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";

/** A larger database is not read through: a second for each GiB, and as long as its disk takes to give it. */
export const CHECKED_BYTES_MAX = 512 * 1024 * 1024;

const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** @throws RECORDS_DAMAGED */
export function checkDatabase(database: DatabaseSync, bytesMax: number): void {
  const pages = Number(database.prepare("PRAGMA page_count").get()?.page_count);
  const pageBytes = Number(database.prepare("PRAGMA page_size").get()?.page_size);
  if (pages * pageBytes > bytesMax) return;
  const found = String(database.prepare("PRAGMA quick_check(1)").get()?.quick_check);
  if (found !== "ok") throw damaged(new Error(found.split("\n").slice(-1).join()));
}

/** RECORDS_DAMAGED, with what was found for the log. */
export function damaged(cause: Error): GateError {
  return new GateError("RECORDS_DAMAGED", {
    message: `The records database is damaged: ${cause.message}.`,
    expected:
      "a whole database: restore it from a backup, or move it and its -wal and -shm files away to start without records",
    cause,
  });
}

/** Whether an error of SQLite says that the file is damaged, or no database at all. @see sqlite.org/rescode.html */
export function isDamage(error: unknown): error is Error {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  const code = Number(error.errcode) & 0xff;
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** What is said where the records cannot be opened. */
export function openingError(error: unknown, path: string): GateError {
  if (error instanceof GateError) return error;
  if (isDamage(error)) return damaged(error);
  const cause = error instanceof Error ? error : new Error(String(error));
  return new GateError("RECORDS_UNAVAILABLE", {
    message: `The records database ${path} cannot be opened: ${cause.message}.`,
    expected: "a database file, and a folder, that can be read and written",
    cause,
  });
}
