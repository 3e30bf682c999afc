/**
 * Makes the two areas below a storage root, and finds out by doing it whether a release can be one move there.
 */
import { chmod, chown, mkdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GateError } from "../../problems/gate-error.ts";
import { newStorageKey } from "../storage.ts";
import { errorCodeOf } from "./disk-errors.ts";
import { CREATE } from "./disk-sink.ts";

/** Nobody but the gate's user enters quarantine. The store may be read by its group: the service's, where the operator says so. */
const QUARANTINE_MODE = 0o700;
const STORE_MODE = 0o750;

/** What a released file is created or changed to: read by the store's group, written by nobody else. */
export const RELEASED_MODE = 0o640;

export interface DiskAreas {
  readonly root: string;
  readonly quarantine: string;
  readonly store: string;
  /** The store's group where files do not get it by themselves, else `null`. */
  readonly storeGroup: number | null;
  /** Whether a file that is created with RELEASED_MODE has mode and group of a released file already, in spite of the umask. */
  readonly isCreatedReleased: boolean;
}

/**
 * Makes `root/quarantine` and `root/store` where they are missing. A store that is there keeps the mode and group that its operator gave
 * it; a quarantine that others could enter is closed to them.
 * @throws STORAGE_UNUSABLE: not writable, on two file systems, or a store whose group the gate cannot give to files.
 */
export async function prepareRoot(root: string): Promise<DiskAreas> {
  const quarantine = join(root, "quarantine");
  const store = join(root, "store");
  try {
    await mkdir(root, { recursive: true, mode: STORE_MODE });
    await mkdir(quarantine, { recursive: true, mode: QUARANTINE_MODE });
    await chmod(quarantine, QUARANTINE_MODE);
    await mkdir(store, { recursive: true, mode: STORE_MODE });
    return { root, quarantine, store, ...(await tryRelease(quarantine, store)) };
  } catch (error) {
    throw unusable(root, error);
  }
}

/** Gives a file that is still in quarantine what it has in the store. */
export async function openToStoreGroup(path: string, storeGroup: number | null): Promise<void> {
  if (storeGroup !== null) await chown(path, -1, storeGroup);
  await chmod(path, RELEASED_MODE);
}

/** Releases an empty file for trial. Two mounts of one file system have one device number, but a rename between them fails: EXDEV. */
async function tryRelease(
  quarantine: string,
  store: string,
): Promise<Pick<DiskAreas, "storeGroup" | "isCreatedReleased">> {
  const name = `.trial-${newStorageKey()}`;
  const from = join(quarantine, name);
  const to = join(store, name);
  try {
    await writeFile(from, "", { flag: CREATE, mode: RELEASED_MODE });
    const [fileStats, storeStats] = await Promise.all([stat(from), stat(store)]);
    const storeGroup = fileStats.gid === storeStats.gid ? null : storeStats.gid;
    await openToStoreGroup(from, storeGroup);
    await rename(from, to);
    const isModeKept = (fileStats.mode & 0o777) === RELEASED_MODE;
    return { storeGroup, isCreatedReleased: isModeKept && storeGroup === null };
  } finally {
    await Promise.allSettled([unlink(from), unlink(to)]);
  }
}

function unusable(root: string, cause: unknown): GateError {
  const code = errorCodeOf(cause);
  const seen = code === "EXDEV" ? "two file systems" : code || String(cause);
  return new GateError("STORAGE_UNUSABLE", {
    message: `The storage folder ${root} cannot be used.`,
    expected:
      "a folder where the gate can make files in quarantine/ and move them to store/, on one file system",
    seen,
    cause,
  });
}
