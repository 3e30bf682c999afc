/**
 * The reader's thread: its own read-only connection to the records database, opened with the first question. Each answer is one snapshot.
 */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { HistoryQuestions } from "./history-questions.ts";
import type { AskedQuestion, GivenAnswer, ReaderStart } from "./reader-messages.ts";

const BUSY_TIMEOUT_MS = 2000;
const CACHE_KIB = 16_384;

let opened: { readonly database: DatabaseSync; readonly questions: HistoryQuestions } | null = null;

function open(): NonNullable<typeof opened> {
  if (opened !== null) return opened;
  const { path } = workerData as ReaderStart;
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA trusted_schema = OFF`);
  opened = { database, questions: new HistoryQuestions(database) };
  return opened;
}

function answer({ number, name, argument }: AskedQuestion): GivenAnswer {
  try {
    const { database, questions } = open();
    database.exec("BEGIN");
    try {
      const ask = questions[name] as (argument: unknown) => unknown;
      return { number, value: ask.call(questions, argument), failure: null };
    } finally {
      database.exec("COMMIT");
    }
  } catch (error) {
    return { number, value: null, failure: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (question: AskedQuestion) => parentPort?.postMessage(answer(question)));
