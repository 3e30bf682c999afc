/**
 * Opens history for reading. The thread starts with the first question, so a reader that nobody asks costs nothing.
 *
 * Always holds: every question is settled: by its answer, or by RECORDS_UNAVAILABLE. A thread that has died is started anew with the next question. The thread keeps no process alive.
 */
import { Worker } from "node:worker_threads";
import { GateError } from "../../../problems/gate-error.ts";
import type { HistoryReader } from "../history.ts";
import type { HistoryQuestions } from "./history-questions.ts";
import type { AskedQuestion, GivenAnswer, QuestionName, ReaderStart } from "./reader-messages.ts";

/** The thread's file has the ending of this one: `.ts` in the repository, `.js` as published. */
const THREAD_FILE = import.meta.url.endsWith(".ts")
  ? "./history-reader-worker.ts"
  : "./history-reader-worker.js";

/** @param path the records database; a gate of this version must have opened it once. Questions reject with RECORDS_UNAVAILABLE where it cannot be read. */
export function openHistoryReader(path: string): HistoryReader {
  const thread = new ReaderThread(path);
  return {
    series: (query) => thread.ask("series", query),
    totals: (range) => thread.ask("totals", range),
    refusals: (query) => thread.ask("refusals", query),
    requests: (query) => thread.ask("requests", query),
    request: (requestId) => thread.ask("request", requestId),
    marks: (query) => thread.ask("marks", query),
    differences: (query) => thread.ask("differences", query),
    minutes: (query) => thread.ask("minutes", query),
    newestAtMs: () => thread.ask("newestAtMs", undefined),
    close: () => thread.close(),
  };
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

class ReaderThread {
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #next = 0;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  ask<Name extends QuestionName>(name: Name, argument: unknown): Promise<ReturnType<HistoryQuestions[Name]>> {
    if (this.#isClosed) return Promise.reject(unavailable("the reader is closed"));
    this.#worker ??= this.#start();
    const number = this.#next++;
    const question: AskedQuestion = { number, name, argument };
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker?.ref();
      this.#worker?.postMessage(question);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
    this.#end("the reader is closed");
  }

  #start(): Worker {
    const workerData: ReaderStart = { path: this.#path };
    const worker = new Worker(new URL(THREAD_FILE, import.meta.url), { workerData });
    worker.unref();
    worker.on("message", (answer: GivenAnswer) => this.#settle(worker, answer));
    worker.on("error", (error) => this.#died(worker, String(error)));
    worker.on("exit", (code) => this.#died(worker, `the reader's thread ended with exit code ${code}`));
    return worker;
  }

  #settle(worker: Worker, { number, value, failure }: GivenAnswer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) worker.unref();
    if (failure === null) waiting?.resolve(value as never);
    else waiting?.reject(unavailable(failure));
  }

  #died(worker: Worker, reason: string): void {
    if (this.#worker === worker) this.#worker = null;
    this.#end(reason);
  }

  #end(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(unavailable(reason));
    this.#waiting.clear();
  }
}

const unavailable = (reason: string): GateError =>
  new GateError("RECORDS_UNAVAILABLE", {
    message: "The history cannot be read.",
    cause: new Error(reason),
  });
