/**
 * Syncs files that were written without it, on a thread of its own that is started with the first of them.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { GateError } from "../../problems/gate-error.ts";
import { isMissing, toReadError, toWriteError } from "./disk-errors.ts";
import type { SettleFailure } from "./settle-worker.ts";

export class FileSettler {
  #worker: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Makes the bytes of all files durable; not their names. One call after another.
   * @returns STORAGE_OBJECT_MISSING where one of them is not there, after all the others are done; else `null`.
   * @throws STORAGE_WRITE_FAILED, STORAGE_FULL
   */
  settle(paths: readonly string[]): Promise<GateError | null> {
    const settled = this.#last.then(() => this.#settle([...new Set(paths)]));
    this.#last = settled.catch(() => {});
    return settled;
  }

  /** Lets what is at work finish, then ends the thread. */
  async close(): Promise<void> {
    await this.#last;
    await this.#worker?.terminate();
    this.#worker = null;
  }

  async #settle(paths: readonly string[]): Promise<GateError | null> {
    if (paths.length === 0) return null;
    const worker = this.#startWorker();
    const answered = once(worker, "message");
    worker.postMessage(paths);
    const [failures] = (await answered) as [readonly SettleFailure[]];
    const errors = failures.map(({ code, message }) => Object.assign(new Error(message), { code }));
    const serious = errors.find((error) => !isMissing(error));
    if (serious !== undefined) throw toWriteError(serious);
    return errors[0] === undefined ? null : toReadError(errors[0]);
  }

  #startWorker(): Worker {
    if (this.#worker !== null) return this.#worker;
    const name = import.meta.url.endsWith(".ts") ? "./settle-worker.ts" : "./settle-worker.js";
    const worker = new Worker(new URL(name, import.meta.url));
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = null;
    });
    this.#worker = worker;
    return worker;
  }
}
