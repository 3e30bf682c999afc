/**
 * Storage on the local disk: `root/quarantine/KEY` and `root/store/KEY`.
 *
 * Both areas are flat: with 64 uploads at once on ext4, spreading the store over 256 folders took five times as many folder syncs and was
 * no faster; the file system finds a name among millions by its hash.
 */
import * as callbacks from "node:fs";
import { opendir, rename, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { GateError } from "../../problems/gate-error.ts";
import type { ByteSource } from "../../uploads/byte-source.ts";
import {
  isStorageKey,
  newStorageKey,
  type ObjectSink,
  type Storage,
  type StorageArea,
  type StoredObject,
} from "../storage.ts";
import { errorCodeOf, isMissing, toReadError, toWriteError } from "./disk-errors.ts";
import { createFile, DiskSink } from "./disk-sink.ts";
import { openDiskSource } from "./disk-source.ts";
import { FolderSync } from "./folder-sync.ts";
import { type DiskAreas, openToStoreGroup, prepareRoot, RELEASED_MODE } from "./prepare-root.ts";
import { FileSettler } from "./settle-files.ts";

export interface DiskOptions {
  /** Folder that holds `quarantine/` and `store/`; made where it is missing. */
  readonly root: string;
}

/** @throws STORAGE_UNUSABLE */
export async function openDiskStorage(options: DiskOptions): Promise<DiskStorage> {
  const areas = await prepareRoot(resolve(options.root));
  return new DiskStorage(areas, await FolderSync.open(areas.quarantine), await FolderSync.open(areas.store));
}

export class DiskStorage implements Storage {
  readonly localRoot: string;
  readonly #areas: DiskAreas;
  readonly #quarantine: FolderSync;
  readonly #store: FolderSync;
  readonly #settler = new FileSettler();
  #closed: Promise<void> | null = null;

  constructor(areas: DiskAreas, quarantine: FolderSync, store: FolderSync) {
    this.localRoot = areas.root;
    this.#areas = areas;
    this.#quarantine = quarantine;
    this.#store = store;
  }

  /** Folder syncs done so far, of both areas: how well waiting uploads are grouped, for metrics and tests. */
  get folderSyncs(): number {
    return this.#quarantine.count + this.#store.count;
  }

  async create(key: string): Promise<ObjectSink> {
    try {
      const path = this.#path("quarantine", key);
      return new DiskSink(path, await createFile(path), this.#quarantine);
    } catch (error) {
      throw toWriteError(error);
    }
  }

  async open(area: StorageArea, key: string): Promise<ByteSource> {
    return openDiskSource(this.#path(area, key));
  }

  async release(key: string): Promise<void> {
    try {
      await this.#moveToStore(key);
      await this.#store.sync();
    } catch (error) {
      throw isMissing(error) ? toReadError(error) : toWriteError(error);
    }
  }

  async placeUnsynced(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path("quarantine", key);
    try {
      await writeNew(path, bytes);
      if (!this.#areas.isCreatedReleased) await openToStoreGroup(path, this.#areas.storeGroup);
      await rename(path, this.#path("store", key));
    } catch (error) {
      await unlink(path).catch(() => {});
      throw toWriteError(error);
    }
  }

  async settle(keys: readonly string[]): Promise<void> {
    const missing = await this.#settler.settle(keys.map((key) => this.#path("store", key)));
    try {
      await this.#store.sync();
    } catch (error) {
      throw toWriteError(error);
    }
    if (missing !== null) throw missing;
  }

  async remove(area: StorageArea, key: string): Promise<void> {
    try {
      await unlink(this.#path(area, key));
    } catch (error) {
      if (!isMissing(error)) throw toWriteError(error);
    }
  }

  async *list(area: StorageArea): AsyncGenerator<StoredObject> {
    const folder = this.#areas[area];
    try {
      for await (const entry of await opendir(folder)) {
        const object = isStorageKey(entry.name) && entry.isFile() ? await describe(folder, entry.name) : null;
        if (object !== null) yield object;
      }
    } catch (error) {
      throw toReadError(error);
    }
  }

  localPath(key: string): string {
    return this.#path("store", key);
  }

  async probe(): Promise<void> {
    const sink = await this.create(newStorageKey());
    try {
      await sink.write([new Uint8Array(1)]);
      await sink.seal();
    } finally {
      await sink.abort();
    }
  }

  close(): Promise<void> {
    this.#closed ??= Promise.all([this.#settler.close(), this.#quarantine.close(), this.#store.close()]).then(
      () => {},
    );
    return this.#closed;
  }

  /** A second release of the same key finds the object in the store, and that is where it belongs. */
  async #moveToStore(key: string): Promise<void> {
    const from = this.#path("quarantine", key);
    const to = this.#path("store", key);
    try {
      await openToStoreGroup(from, this.#areas.storeGroup);
      await rename(from, to);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await stat(to);
    }
  }

  /** Keys come from the gate's own records; anything else here would be a path made from outside, and a bug. */
  #path(area: StorageArea, key: string): string {
    if (!isStorageKey(key)) {
      throw new GateError("STORAGE_OBJECT_MISSING", { cause: new TypeError("not a storage key") });
    }
    return join(this.#areas[area], key);
  }
}

/** By callbacks: the promises of `node:fs/promises` and their file handles cost twice as much for a small file. */
const writeFile = promisify(callbacks.writeFile);

/** What a killed process left half-written under this name is of no use: the caller has the whole bytes. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  // `x`: never an existing file, and never through a link.
  const options = { flag: "wx", mode: RELEASED_MODE };
  try {
    await writeFile(path, bytes, options);
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error;
    await unlink(path);
    await writeFile(path, bytes, options);
  }
}

/** `null` where the object went away since its folder was read. */
async function describe(folder: string, key: string): Promise<StoredObject | null> {
  try {
    const stats = await stat(join(folder, key));
    return { key, sizeBytes: stats.size, modifiedAtMs: Math.floor(stats.mtimeMs) };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
