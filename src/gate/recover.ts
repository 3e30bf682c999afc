/**
 * What a start does with what an earlier process left behind: every upload is brought to a state it can go on from, and bytes that no
 * record needs are removed.
 *
 * Nothing that was acknowledged is touched. An upload that was cut off before its release was acknowledged to nobody, so it ends; one that
 * was released may or may not have reached its service, so it is kept for a person to decide.
 */

import type { Records, UploadRecord } from "../records/records.ts";
import type { Log } from "../signals/log.ts";
import type { Storage, StorageArea } from "../storage/storage.ts";
import type { UploadState } from "../uploads/upload-state.ts";
import { moves } from "./transitions.ts";

/** How long an upload stays of which nobody knows whether the service has it. */
const UNDELIVERABLE_KEPT_MS = 7 * 24 * 3600 * 1000;
const LIST_BATCH = 500;

/** What a start found and did. */
export interface Recovery {
  readonly ended: number;
  readonly uncertain: number;
  readonly sweptObjects: number;
}

/** Runs once, before the first request. @throws RECORDS_UNAVAILABLE, STORAGE_READ_FAILED: the gate must not start then */
export async function recover(
  records: Records,
  storage: Storage,
  log: Log,
  nowMs: number,
): Promise<Recovery> {
  let ended = 0;
  let uncertain = 0;
  for (const upload of await records.unfinished()) {
    const step = nextStep(upload, nowMs);
    if (step === null) continue;
    const [to, note] = step;
    const dropInline = to === "undeliverable" ? [] : upload.files.map((file) => file.key);
    await records.move(upload.id, moves(nowMs, upload.state, step), { dropInline });
    if (to === "undeliverable") uncertain += 1;
    else ended += 1;
    log.warn({ uploadId: upload.id, flow: upload.flow, from: upload.state, to }, note);
  }
  const sweptObjects =
    (await sweep(records, storage, "quarantine")) + (await sweep(records, storage, "store"));
  return { ended, uncertain, sweptObjects };
}

function nextStep(upload: UploadRecord, nowMs: number): readonly [UploadState, string] | null {
  switch (upload.state) {
    case "receiving":
      return ["aborted", "the gate stopped while the bytes were arriving; nobody was told that it was taken"];
    case "received":
    case "inspecting":
    case "accepted":
      return ["expired", "the gate stopped before the service was told; nobody was told that it was taken"];
    case "released":
      return [
        "undeliverable",
        "the gate stopped before the service's answer was recorded; the service may or may not have it",
      ];
    case "undeliverable":
      return nowMs - upload.updatedAtMs > UNDELIVERABLE_KEPT_MS
        ? ["expired", "kept for seven days and not decided"]
        : null;
    default:
      return null;
  }
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
