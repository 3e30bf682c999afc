/**
 * Uploads that wait behind their answers: kept since the service could not be told, or held. With what a person may decide of each.
 */
import type { Flow } from "../../flows/flow.ts";
import { describeWaiting, needsMayDouble } from "../../gate/redelivery/decide-delivery.ts";
import type { Records, UploadRecord } from "../../records/records.ts";
import type { WaitingUploads } from "../answers/answer-jobs.ts";
import type { HeldUpload } from "../console-api.ts";

/** More are neither listed nor counted: whoever has so many works through them from the command line, and the records have uploads to write meanwhile. */
const LISTED_MAX = 200;

/** Those that wait for a person first, then the longest waiting. */
export async function listHeldUploads(
  records: Pick<Records, "list">,
  flows: readonly Flow[],
): Promise<readonly HeldUpload[]> {
  const found = await waitingRecords(records, LISTED_MAX);
  const made = found.map((record) =>
    makeHeldUpload(
      record,
      flows.find(({ name }) => name === record.flow),
    ),
  );
  const isWaiting = ({ nextTryAtMs }: HeldUpload): number => (nextTryAtMs === null ? 0 : 1);
  return made.toSorted((a, b) => isWaiting(a) - isWaiting(b) || a.sinceMs - b.sinceMs);
}

/** For the answer to *Jobs?*. */
export async function countWaiting(records: Pick<Records, "list">): Promise<WaitingUploads> {
  const found = await waitingRecords(records, LISTED_MAX);
  const kept = found.filter(({ state }) => state === "undeliverable").map(describeWaiting);
  const toBeTried = kept.filter(
    ({ nextTryAtMs, isBeingTried }) => nextTryAtMs !== null || isBeingTried,
  ).length;
  const held = found.filter(({ state }) => state === "held");
  const isMore = kept.length >= LISTED_MAX || held.length >= LISTED_MAX;
  const since = [...kept.map(({ sinceMs }) => sinceMs), ...held.map(({ updatedAtMs }) => updatedAtMs)];
  return {
    toBeTried,
    forPerson: kept.length - toBeTried,
    held: held.length,
    // The newest come first: the oldest of more than were counted is not known.
    oldestMs: since.length === 0 || isMore ? null : Math.min(...since),
    isMore,
  };
}

async function waitingRecords(records: Pick<Records, "list">, limit: number): Promise<UploadRecord[]> {
  const [undeliverable, held] = await Promise.all([
    records.list({ state: "undeliverable", limit }),
    records.list({ state: "held", limit }),
  ]);
  return [...undeliverable, ...held];
}

/** @param flow the one in force by its name; absent where there is none any more */
export function makeHeldUpload(record: UploadRecord, flow: Flow | undefined): HeldUpload {
  const files = record.files.map((file) => ({
    name: file.declaredName,
    type: file.verifiedType ?? file.declaredType,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
  }));
  const rest = { id: record.id, flow: record.flow, state: record.state, files };
  if (record.state === "held")
    return {
      ...rest,
      sinceMs: record.updatedAtMs,
      sentence: `Held: ${record.moves.at(-1)?.note ?? "what was found in it is to be decided by a person"}.`,
      nextTryAtMs: null,
      tries: 0,
      mayHaveArrived: false,
      actions: [],
    };
  const waiting = describeWaiting(record);
  const { sinceMs, tries, nextTryAtMs, mayHaveArrived, isBeingTried } = waiting;
  return {
    ...rest,
    sinceMs,
    sentence: sayWaiting(waiting, flow),
    nextTryAtMs,
    tries,
    mayHaveArrived: needsMayDouble(waiting, flow) && mayHaveArrived,
    actions: isBeingTried ? [] : flow === undefined ? ["give-up"] : ["retry", "give-up"],
  };
}

function sayWaiting(waiting: ReturnType<typeof describeWaiting>, flow: Flow | undefined): string {
  const { isBeingTried, nextTryAtMs, isAcknowledged, lastError } = waiting;
  const told = isAcknowledged
    ? "Its client was told that the upload is safe."
    : "Its client was told that it failed.";
  const error = `The last try ended so: ${lastError.replace(/\.$/, "")}.`;
  if (isBeingTried) return `It is being tried at this moment. ${error} ${told}`;
  if (flow === undefined)
    return `Its flow is not in force any more, so it cannot be tried again. ${error} ${told}`;
  if (nextTryAtMs !== null) return `It will be tried again by itself. ${error} ${told}`;
  return needsMayDouble(waiting, flow)
    ? `It waits for you: the service may have it already, so ask it for this upload before you try again. ${error} ${told}`
    : `It waits for you. ${error} ${told}`;
}
