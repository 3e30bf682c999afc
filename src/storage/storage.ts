/**
 * Where bytes are: the interface that every driver (`disk/`, later `s3/`) fills and the contract suite tests.
 *
 * Two areas: `quarantine` (nothing outside the gate can read it) and `store`. A key is made by `newStorageKey` and is the same in
 * both. All errors are GateErrors: STORAGE_FULL, STORAGE_WRITE_FAILED, STORAGE_READ_FAILED, STORAGE_OBJECT_MISSING.
 */
import type { ByteSource } from "../uploads/byte-source.ts";
import { pooledRandomBytes } from "../uploads/random-pool.ts";

export type StorageArea = "quarantine" | "store";

/** A new object in quarantine while it is written. One `write` at a time; nothing is kept of a chunk after its promise resolves. */
export interface ObjectSink {
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Makes the object durable (bytes and name). After it the object is there after a power cut. */
  seal(): Promise<void>;
  /** Removes what was written. Safe at any time, also twice, also after a failed write. */
  abort(): Promise<void>;
}

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export interface Storage {
  create(key: string): Promise<ObjectSink>;
  open(area: StorageArea, key: string): Promise<ByteSource>;
  /** Moves an object from quarantine to the store: atomic, durable when resolved, and a no-op where it is in the store already. */
  release(key: string): Promise<void>;
  /**
   * Puts small bytes straight into the store, or replaces what is there. Not synced: the caller has them safe elsewhere until
   * `settle`. Other processes see the whole object or none.
   */
  placeUnsynced(key: string, bytes: Uint8Array): Promise<void>;
  /** Makes objects placed unsynced durable. @throws STORAGE_OBJECT_MISSING where one of them is not there; the others are settled. */
  settle(keys: readonly string[]): Promise<void>;
  /** Idempotent. */
  remove(area: StorageArea, key: string): Promise<void>;
  list(area: StorageArea): AsyncIterable<StoredObject>;
  /** Absolute path of the folder that every `localPath` lies below, or `null` for drivers without one. */
  readonly localRoot: string | null;
  /** Absolute path of a released object on this machine, or `null` for drivers without one. */
  localPath(key: string): string | null;
  /** Resolves when a small object can be written, synced and removed; for readiness. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

const KEY_PATTERN = /^[0-9a-f]{40}$/;

/** A new storage key: 40 hex digits, 160 random bits. */
export function newStorageKey(): string {
  return pooledRandomBytes(20).toString("hex");
}

/** Whether text is a storage key; drivers refuse anything else. */
export function isStorageKey(text: string): boolean {
  return KEY_PATTERN.test(text);
}
