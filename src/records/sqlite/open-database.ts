/**
 * Opens the records database with the pragmas that the promises of `records.ts` rest on.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "./migrations/migrations.ts";

/**
 * - `journal_mode = WAL` and `synchronous = FULL`: a commit returns only when it is on stable storage (sqlite.org/wal.html section 2.2),
 *   and a reader in another process never waits for the gate.
 * - `wal_autocheckpoint`: a checkpoint costs two syncs, so let the log grow to 4,000 pages of 4 KiB before one.
 * - `temp_store`: the undo pages of a savepoint stay in memory; by default they go to a temporary file.
 * - `secure_delete = FAST`: what is deleted (headers kept for another try, answers of expired keys) is overwritten where its page is
 *   written anyway. Pages that become free as a whole, as those of larger files, keep their bytes until they are used again.
 * - `journal_size_limit`: gives back what a burst made the log grow to.
 */
const PRAGMAS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = FAST;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -16384;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
`;

/**
 * Opens, makes or migrates the database at `path`.
 * @param busyTimeoutMs how long to wait for another process that holds the write lock.
 * @throws RECORDS_NEWER, and SQLite's or the file system's own errors.
 */
export function openDatabase(path: string, busyTimeoutMs: number): DatabaseSync {
  makePrivateFile(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
  try {
    database.exec(PRAGMAS);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The bytes of small uploads are in this file: nobody else may read it. SQLite gives its log the mode of the database. */
function makePrivateFile(path: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  closeSync(openSync(path, "a", 0o600));
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
