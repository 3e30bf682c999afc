/**
 * What a start does with the bytes that a killed gate, or a power cut, left in the records database.
 *
 * Always holds: bytes of a file that has not been released never get to the store; bytes that are needed are nowhere dropped before
 * they are durable there.
 */
import type { Records } from "../records/records.ts";
import type { Storage } from "../storage/storage.ts";
import type { UploadState } from "../uploads/upload-state.ts";

type RestoreRecords = Pick<Records, "inlineKeys" | "findFile" | "neededKeys" | "readInline" | "dropInline">;
type RestoreStorage = Pick<Storage, "placeUnsynced" | "settle">;

/** How many files stand ready in one go. */
const GROUP_KEYS = 256;

export interface Restored {
  /** Files brought back to the store, durable there; the records have forgotten their bytes. */
  readonly settled: number;
  /** Files whose upload has ended and needs them no more; the records have forgotten their bytes. */
  readonly dropped: number;
  /** Files whose upload goes on: their bytes stay in the records. */
  readonly kept: number;
}

const RELEASED: ReadonlySet<UploadState> = new Set(["released", "delivered", "undeliverable"]);

/**
 * Goes through all bytes in the records database, before the gate takes uploads.
 *
 * - Not needed any more: the bytes are dropped.
 * - Released and needed: whatever is in the store is replaced, because a file that was not synced can be short or empty after a power cut;
 *   then it is settled, and the bytes are dropped.
 * - Not released yet, or held: the bytes stay where they are.
 * @throws RECORDS_UNAVAILABLE, STORAGE_FULL, STORAGE_WRITE_FAILED: then the start can be repeated.
 */
export async function restoreInline(records: RestoreRecords, storage: RestoreStorage): Promise<Restored> {
  const keys = (await records.inlineKeys()).map(({ key }) => key);
  const total = { settled: 0, dropped: 0, kept: 0 };
  for (let start = 0; start < keys.length; start += GROUP_KEYS) {
    const group = keys.slice(start, start + GROUP_KEYS);
    const needed = await records.neededKeys(group);
    const toDrop = group.filter((key) => !needed.has(key));
    const toSettle = await releasedOf(records, [...needed]);
    for (const key of toSettle) await placeAgain(records, storage, key);
    await storage.settle(toSettle);
    await records.dropInline([...toDrop, ...toSettle]);
    total.settled += toSettle.length;
    total.dropped += toDrop.length;
    total.kept += needed.size - toSettle.length;
  }
  return total;
}

async function releasedOf(records: RestoreRecords, keys: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(keys.map((key) => records.findFile(key)));
  return found.flatMap((file) => (file !== null && RELEASED.has(file.state) ? [file.file.key] : []));
}

async function placeAgain(records: RestoreRecords, storage: RestoreStorage, key: string): Promise<void> {
  const bytes = await records.readInline(key);
  if (bytes !== null) await storage.placeUnsynced(key, bytes);
}
