/**
 * Releases an accepted file. In: an `AcceptedFile`, which nothing makes that has not been inspected. Out: the same file in
 * its final place.
 *
 * Always holds: when it resolves, the file is there after a power cut. A large one has been moved to the store, durably, or stays where it was
 * synced if it is only passed on; a small one is in the records database already, and stays there until `Settler` has made its copy in the
 * store durable.
 */
import { relative } from "node:path";
import type { Storage } from "../storage/storage.ts";
import { memorySource } from "../uploads/byte-source.ts";
import type { AcceptedFile, ReleasedFile } from "../uploads/stages.ts";

export interface ReleaseOptions {
  /**
   * Whether somebody wants the file as a file (delivery by receipt). A file that is only passed on stays where it is, in memory or in
   * quarantine: its release is the record's, and moving it would cost two syncs for bytes that are gone a moment later.
   */
  readonly needsPath: boolean;
}

type ReleaseStorage = Pick<Storage, "release" | "placeUnsynced" | "open" | "localPath" | "localRoot">;

/**
 * Releases one file. Safe to repeat, also after a crash: a file that is in the store already stays there.
 * @throws STORAGE_FULL, STORAGE_WRITE_FAILED, STORAGE_OBJECT_MISSING (neither in quarantine nor in the store)
 */
export async function releaseFile(
  accepted: AcceptedFile,
  storage: ReleaseStorage,
  options: ReleaseOptions,
): Promise<ReleasedFile> {
  const { key, inline } = accepted.file;
  if (inline === null && !options.needsPath) {
    return { accepted, open: () => storage.open("quarantine", key), localPath: null };
  }
  if (inline === null) {
    await storage.release(key);
    return { accepted, open: () => storage.open("store", key), localPath: pathBelowRoot(storage, key) };
  }
  if (options.needsPath) await storage.placeUnsynced(key, inline);
  const localPath = options.needsPath ? pathBelowRoot(storage, key) : null;
  return { accepted, open: async () => memorySource(inline), localPath };
}

/** Path of a released file below the folder that the service shares, or `null` for storage without one. */
export function pathBelowRoot(storage: Pick<Storage, "localPath" | "localRoot">, key: string): string | null {
  const path = storage.localPath(key);
  return path === null || storage.localRoot === null ? null : relative(storage.localRoot, path);
}
