/**
 * Opens the records on SQLite: starts the records thread and waits until it has the database open.
 */
import { Worker } from "node:worker_threads";
import { CHECKED_BYTES_MAX } from "./check-database.ts";
import { recordsUnavailable, unpackError } from "./database-errors.ts";
import { RecordsChannel } from "./records-channel.ts";
import type { ThreadOpened, ThreadStart } from "./records-messages.ts";
import { SqliteRecords } from "./sqlite-records.ts";

const BUSY_TIMEOUT_MS = 2000;

/** The thread's file has the ending of this one: `.ts` in the repository, `.js` as published. */
const THREAD_FILE = import.meta.url.endsWith(".ts") ? "./records-worker.ts" : "./records-worker.js";

export interface SqliteOptions {
  /** The database file. It and its folder are made where they are missing; `-wal` and `-shm` files lie beside it. */
  readonly path: string;
  /** How long a group of changes waits for another process that holds the write lock. Default 2,000. */
  readonly busyTimeoutMs?: number;
  /** A database of at most so many bytes is read through for damage first. Default 512 MiB; 0 for none. */
  readonly checkBytesMax?: number;
}

/**
 * @returns records whose thread runs until `close`.
 * @throws RECORDS_NEWER (a newer version wrote the database), RECORDS_DAMAGED, RECORDS_UNAVAILABLE (it cannot be opened; the cause says why).
 */
export async function openSqliteRecords(options: SqliteOptions): Promise<SqliteRecords> {
  const start: ThreadStart = {
    path: options.path,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    checkBytesMax: options.checkBytesMax ?? CHECKED_BYTES_MAX,
  };
  const worker = new Worker(new URL(THREAD_FILE, import.meta.url), { workerData: start });
  const { failure } = await firstMessage(worker);
  if (failure !== null) throw unpackError(failure);
  return new SqliteRecords(new RecordsChannel(worker), options.path);
}

function firstMessage(worker: Worker): Promise<ThreadOpened> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(recordsUnavailable(cause));
    worker.once("message", resolve);
    worker.once("error", fail);
    worker.once("exit", (code) => fail(new Error(`the records thread ended with exit code ${code}`)));
  });
}
