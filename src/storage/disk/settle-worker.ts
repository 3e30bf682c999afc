/**
 * The thread that syncs files which were written without it, one after another and with plain calls: on the main thread each file would cost
 * three turns of the thread pool.
 *
 * In: paths. Out: for each that could not be synced, the system's error code.
 */
import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { parentPort } from "node:worker_threads";

/** A path that could not be synced; `code` as `ENOENT`. */
export interface SettleFailure {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

function syncFile(path: string): void {
  const file = openSync(path, "r");
  try {
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

function settle(paths: readonly string[]): SettleFailure[] {
  const failures: SettleFailure[] = [];
  for (const path of paths) {
    try {
      syncFile(path);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      failures.push({ path, code, message });
    }
  }
  return failures;
}

parentPort?.on("message", (paths: readonly string[]) => parentPort?.postMessage(settle(paths)));
