/**
 * What a start does with what an earlier process left behind: every upload is brought to a state it can go on from, and bytes that no
 * record needs are removed.
 *
 * Nothing that was acknowledged is touched. An upload that was cut off before its release was acknowledged to nobody, so it ends; one that
 * was released may or may not have reached its service, so it is kept: for another try where its flow says `upstream-unknown: retry`, else for
 * a person to decide.
 */

import type { Flow } from "../flows/flow.ts";
import { GateError } from "../problems/gate-error.ts";
import type { DeliveryRecord, Records, UploadChange, UploadRecord } from "../records/records.ts";
import type { Log } from "../signals/log.ts";
import type { Storage, StorageArea } from "../storage/storage.ts";
import type { UploadState } from "../uploads/upload-state.ts";
import { withDecision } from "./audit-decision.ts";
import { errorText } from "./redelivery/delivery-outcome.ts";
import { refusalRecord } from "./refusal.ts";
import { moves } from "./transitions.ts";

/** How long an upload stays of which nobody knows whether the service has it, and which nobody was told is safe. */
const UNDECIDED_KEPT_MS = 7 * 24 * 3600 * 1000;
const LIST_BATCH = 500;

/** What a start found and did. */
export interface Recovery {
  readonly ended: number;
  readonly uncertain: number;
  readonly sweptObjects: number;
}

/**
 * Runs once, before the first request.
 * @param flows those in force: they say what becomes of an upload of unknown outcome
 * @throws RECORDS_UNAVAILABLE, STORAGE_READ_FAILED: the gate must not start then
 */
export async function recover(
  records: Records,
  storage: Storage,
  log: Log,
  nowMs: number,
  flows: readonly Flow[] = [],
): Promise<Recovery> {
  let ended = 0;
  let uncertain = 0;
  for (const upload of await records.unfinished()) {
    const flow = flows.find(({ name }) => name === upload.flow);
    const step = nextStep(upload, flow, nowMs);
    if (step === null) continue;
    const { to, note, change } = step;
    const taken = to === null ? [] : moves(nowMs, upload.state, [to, note]);
    await records.move(
      upload.id,
      taken,
      withDecision(upload, taken, await withKeyFreed(records, upload, step)),
    );
    if (to === null || to === "undeliverable") uncertain += 1;
    else ended += 1;
    const nextTry = change.nextTryAtMs == null ? "" : "; it is sent again";
    log.warn(
      { uploadId: upload.id, flow: upload.flow, from: upload.state, to: to ?? upload.state },
      note + nextTry,
    );
  }
  const sweptObjects =
    (await sweep(records, storage, "quarantine")) + (await sweep(records, storage, "store"));
  return { ended, uncertain, sweptObjects };
}

interface Step {
  /** `null`: it stays where it is. */
  readonly to: UploadState | null;
  readonly note: string;
  readonly change: UploadChange;
}

function nextStep(upload: UploadRecord, flow: Flow | undefined, nowMs: number): Step | null {
  switch (upload.state) {
    case "receiving":
      return ending(
        upload,
        "aborted",
        "the gate stopped while the bytes were arriving; nobody was told that it was taken",
      );
    case "received":
    case "inspecting":
    case "accepted":
      return ending(
        upload,
        "expired",
        "the gate stopped before the service was told; nobody was told that it was taken",
      );
    case "released":
      return interrupted(upload, flow, nowMs, "undeliverable");
    case "undeliverable":
      return undelivered(upload, flow, nowMs);
    default:
      return null;
  }
}

const ending = ({ files }: UploadRecord, to: UploadState, note: string): Step => ({
  to,
  note,
  change: { dropInline: files.map((file) => file.key), handover: null, nextTryAtMs: null },
});

/** The gate stopped while the service was being told: at the first try, or at a later one. */
function interrupted(
  { deliveries, refusal }: UploadRecord,
  flow: Flow | undefined,
  nowMs: number,
  to: "undeliverable" | null,
): Step {
  const note =
    "the gate stopped before the service's answer was recorded; the service may or may not have it";
  const error = new GateError("GATE_STOPPING", { message: note });
  const open = deliveries.find(({ endedAtMs }) => endedAtMs === null);
  const delivery: DeliveryRecord | undefined = open && {
    ...open,
    endedAtMs: nowMs,
    error: errorText(error),
  };
  const isRetried = flow?.failure.upstreamUnknown === "retry";
  return {
    to,
    note,
    change: {
      ...(delivery === undefined ? {} : { delivery }),
      // Nobody was told anything: that is what a refusal on record says of an upload that waits.
      ...(to === null || refusal !== null ? {} : { refusal: refusalRecord(error) }),
      nextTryAtMs: isRetried ? nowMs : null,
    },
  };
}

function undelivered(upload: UploadRecord, flow: Flow | undefined, nowMs: number): Step | null {
  if (upload.deliveries.some(({ endedAtMs }) => endedAtMs === null))
    return interrupted(upload, flow, nowMs, null);
  // One without a refusal was acknowledged with a 202: it waits for as long as it takes.
  const isForgotten =
    upload.refusal !== null && upload.nextTryAtMs === null && nowMs - upload.updatedAtMs > UNDECIDED_KEPT_MS;
  return isForgotten ? ending(upload, "expired", "kept for seven days and not decided") : null;
}

/** An upload that ends without an effect lets go of its idempotency key. */
async function withKeyFreed(
  records: Records,
  upload: UploadRecord,
  { to, change }: Step,
): Promise<UploadChange> {
  if (to === null || to === "undeliverable") return change;
  const scope = (await records.handover(upload.id))?.idempotencyScope ?? null;
  return scope === null ? change : { ...change, idempotency: { kind: "free", scope } };
}

/** Removes the objects of one area that no record needs. Only safe while no upload is at work. */
async function sweep(records: Records, storage: Storage, area: StorageArea): Promise<number> {
  let removed = 0;
  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    const needed = await records.neededKeys(batch);
    const orphans = batch.filter((key) => !needed.has(key));
    await Promise.all(orphans.map((key) => storage.remove(area, key)));
    removed += orphans.length;
    batch = [];
  };
  for await (const object of storage.list(area)) {
    batch.push(object.key);
    if (batch.length >= LIST_BATCH) await flush();
  }
  await flush();
  return removed;
}
