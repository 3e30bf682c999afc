/**
 * The records thread: the one place that touches the database while the gate runs.
 *
 * In: batches of requests. Out: one answer a group. Each turn takes all batches that are waiting, so that while one commit waits for
 * the disk the next group fills up by itself; there is no timer.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { checkDatabase, openingError } from "./check-database.ts";
import { packError } from "./database-errors.ts";
import { openDatabase } from "./open-database.ts";
import { RecordGroups } from "./record-groups.ts";
import type { RequestBatch, ThreadOpened, ThreadStart } from "./records-messages.ts";

/** Requests taken into one transaction before the waiting ones get an answer. */
const GROUP_REQUESTS_MAX = 2000;

function open(): RecordGroups | null {
  const { path, busyTimeoutMs, checkBytesMax } = workerData as ThreadStart;
  try {
    const database = openDatabase(path, busyTimeoutMs);
    checkDatabase(database, checkBytesMax);
    const groups = new RecordGroups(database);
    parentPort?.postMessage({ failure: null } satisfies ThreadOpened);
    return groups;
  } catch (error) {
    parentPort?.postMessage({ failure: packError(openingError(error, path)) } satisfies ThreadOpened);
    return null;
  }
}

function serve(port: MessagePort, groups: RecordGroups): void {
  port.on("message", (batch: RequestBatch) => {
    const answer = groups.run([batch, ...takeWaiting(port, batch.count)]);
    port.postMessage(answer);
    if (groups.isClosed) port.close();
  });
}

function takeWaiting(port: MessagePort, requestsTaken: number): RequestBatch[] {
  const batches: RequestBatch[] = [];
  let taken = requestsTaken;
  while (taken < GROUP_REQUESTS_MAX) {
    const waiting = receiveMessageOnPort(port);
    if (waiting === undefined) break;
    const batch = waiting.message as RequestBatch;
    batches.push(batch);
    taken += batch.count;
  }
  return batches;
}

const groups = open();
if (groups !== null && parentPort !== null) serve(parentPort, groups);
