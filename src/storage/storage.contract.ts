/**
 * What every driver of `Storage` must do, as tests. A new driver is listed in a test file of its own folder and nowhere else.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import type { ByteSource } from "../uploads/byte-source.ts";
import { newStorageKey, type Storage, type StorageArea } from "./storage.ts";

/** A driver with a place of its own, empty. */
export interface OpenedStorage {
  readonly storage: Storage;
  /** Closes what is open and opens the same place again. */
  reopen(): Promise<Storage>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
}

async function assertRejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof GateError && error.code === code);
}

async function readAll(source: ByteSource): Promise<Buffer> {
  try {
    return Buffer.from(await source.read(0, source.sizeBytes));
  } finally {
    await source.close();
  }
}

/** Registers the suite for one driver. */
export function storageContract(name: string, open: () => Promise<OpenedStorage>): void {
  describe(`storage by ${name}`, () => {
    let opened: OpenedStorage;
    let storage: Storage;

    beforeEach(async () => {
      opened = await open();
      storage = opened.storage;
    });
    afterEach(() => opened.dispose());

    /** A sealed object in quarantine. */
    async function quarantined(bytes: Uint8Array): Promise<string> {
      const key = newStorageKey();
      const sink = await storage.create(key);
      await sink.write([bytes]);
      await sink.seal();
      return key;
    }

    async function keysIn(area: StorageArea): Promise<string[]> {
      const keys: string[] = [];
      for await (const { key } of storage.list(area)) keys.push(key);
      return keys.sort();
    }

    const bytesOf = async (area: StorageArea, key: string) => readAll(await storage.open(area, key));

    test("gives back what was written, chunk after chunk", async () => {
      const chunks = [1, 70_000, 0, 3, 1_000_000].map((size) => randomBytes(size));
      const key = newStorageKey();
      const sink = await storage.create(key);
      await sink.write(chunks.slice(0, 2));
      await sink.write([]);
      await sink.write(chunks.slice(2));
      await sink.seal();
      assert.deepEqual(await bytesOf("quarantine", key), Buffer.concat(chunks));
    });

    test("writes thousands of small chunks in one go", async () => {
      const chunks = Array.from({ length: 5000 }, (_, index) => new Uint8Array([index & 255, index >> 8]));
      const key = newStorageKey();
      const sink = await storage.create(key);
      await sink.write(chunks);
      await sink.seal();
      assert.deepEqual(await bytesOf("quarantine", key), Buffer.concat(chunks));
    });

    test("seals an empty object", async () => {
      const key = await quarantined(new Uint8Array(0));
      const source = await storage.open("quarantine", key);
      assert.equal(source.sizeBytes, 0);
      assert.equal((await source.read(0, 10)).byteLength, 0);
      await source.close();
    });

    test("reads any range, and less only at the end", async () => {
      const bytes = randomBytes(10_000);
      const source = await storage.open("quarantine", await quarantined(bytes));
      assert.equal(source.sizeBytes, 10_000);
      assert.deepEqual(Buffer.from(await source.read(10, 20)), bytes.subarray(10, 30));
      assert.deepEqual(Buffer.from(await source.read(9_990, 100)), bytes.subarray(9_990));
      assert.deepEqual(Buffer.from(await source.read(0, 2 ** 40)), bytes);
      assert.equal((await source.read(10_000, 1)).byteLength, 0);
      assert.equal((await source.read(2 ** 40, 1)).byteLength, 0);
      await source.close();
      await source.close();
    });

    test("refuses to make an object that is there already", async () => {
      const bytes = randomBytes(100);
      const key = await quarantined(bytes);
      await assertRejects(storage.create(key), "STORAGE_WRITE_FAILED");
      assert.deepEqual(await bytesOf("quarantine", key), bytes);
    });

    test("leaves nothing of an aborted object, whenever it is aborted, and however often", async () => {
      const fresh = await storage.create(newStorageKey());
      const written = await storage.create(newStorageKey());
      await written.write([randomBytes(1000)]);
      const writing = await storage.create(newStorageKey());
      const inFlight = writing.write([randomBytes(2_000_000)]);
      const sealed = await storage.create(newStorageKey());
      await sealed.seal();
      await Promise.all([fresh, written, writing, sealed].map((sink) => sink.abort()));
      await Promise.all([fresh, written, writing, sealed].map((sink) => sink.abort()));
      await Promise.allSettled([inFlight]);
      assert.deepEqual(await keysIn("quarantine"), []);
    });

    test("moves an object to the store, and finds it there when it is released again", async () => {
      const bytes = randomBytes(1000);
      const key = await quarantined(bytes);
      await storage.release(key);
      await storage.release(key);
      assert.deepEqual(await keysIn("quarantine"), []);
      assert.deepEqual(await keysIn("store"), [key]);
      assert.deepEqual(await bytesOf("store", key), bytes);
      await assertRejects(storage.open("quarantine", key), "STORAGE_OBJECT_MISSING");
    });

    test("cannot release, read or settle what is not there", async () => {
      await assertRejects(storage.release(newStorageKey()), "STORAGE_OBJECT_MISSING");
      await assertRejects(storage.open("store", newStorageKey()), "STORAGE_OBJECT_MISSING");
      await assertRejects(storage.settle([newStorageKey()]), "STORAGE_OBJECT_MISSING");
    });

    test("goes on reading an object that is released or removed meanwhile", async () => {
      const bytes = randomBytes(1000);
      const key = await quarantined(bytes);
      const source = await storage.open("quarantine", key);
      await storage.release(key);
      assert.deepEqual(Buffer.from(await source.read(0, 500)), bytes.subarray(0, 500));
      await storage.remove("store", key);
      assert.deepEqual(Buffer.from(await source.read(500, 500)), bytes.subarray(500));
      await source.close();
    });

    test("places small bytes in the store, replaces them, and settles them", async () => {
      const [key, other] = [newStorageKey(), newStorageKey()];
      await storage.placeUnsynced(key, randomBytes(50));
      const bytes = randomBytes(60_000);
      await storage.placeUnsynced(key, bytes);
      await storage.placeUnsynced(other, new Uint8Array(0));
      await storage.settle([key, other, key]);
      await storage.settle([]);
      assert.deepEqual(await bytesOf("store", key), bytes);
      assert.deepEqual(await keysIn("quarantine"), []);
      assert.deepEqual(await keysIn("store"), [key, other].sort());
    });

    test("removes an object once, and does not mind a second time", async () => {
      const key = await quarantined(randomBytes(10));
      const kept = await quarantined(randomBytes(10));
      await storage.remove("quarantine", key);
      await storage.remove("quarantine", key);
      await storage.remove("store", kept);
      assert.deepEqual(await keysIn("quarantine"), [kept]);
    });

    test("lists objects with their sizes, also while others come and go", async () => {
      const keys = await Promise.all([1, 20, 300].map((size) => quarantined(randomBytes(size))));
      const sizes = new Map<string, number>();
      for await (const { key, sizeBytes, modifiedAtMs } of storage.list("quarantine")) {
        sizes.set(key, sizeBytes);
        assert.ok(Number.isSafeInteger(modifiedAtMs) && modifiedAtMs > 0);
        for (const other of keys)
          if (!sizes.has(other) && sizes.size === 1) await storage.remove("quarantine", other);
      }
      const [first] = sizes.keys();
      assert.deepEqual([...sizes], [[first, [1, 20, 300][keys.indexOf(first ?? "")]]]);
    });

    test("takes nothing for a key that it did not make", async () => {
      for (const text of [
        "",
        "../../etc/passwd",
        "..",
        "a/b",
        "A".repeat(40),
        `${"0".repeat(40)}\0`,
        "0".repeat(41),
      ]) {
        await assertRejects(storage.create(text), "STORAGE_OBJECT_MISSING");
        await assertRejects(storage.open("store", text), "STORAGE_OBJECT_MISSING");
        await assertRejects(storage.release(text), "STORAGE_OBJECT_MISSING");
        await assertRejects(storage.remove("store", text), "STORAGE_OBJECT_MISSING");
        await assertRejects(storage.placeUnsynced(text, new Uint8Array(1)), "STORAGE_OBJECT_MISSING");
        await assertRejects(storage.settle([text]), "STORAGE_OBJECT_MISSING");
      }
      assert.deepEqual(await keysIn("store"), []);
    });

    test("names local paths below its root, or none at all", () => {
      const key = newStorageKey();
      const path = storage.localPath(key);
      if (storage.localRoot === null) assert.equal(path, null);
      else assert.ok(path?.startsWith(`${storage.localRoot}/`));
    });

    test("finds its objects again after it was opened anew", async () => {
      const [waiting, released] = [await quarantined(randomBytes(10)), await quarantined(randomBytes(10))];
      await storage.release(released);
      storage = await opened.reopen();
      assert.deepEqual(await keysIn("quarantine"), [waiting]);
      assert.deepEqual(await keysIn("store"), [released]);
    });

    test("keeps many objects apart that are written at once", async () => {
      const contents = Array.from({ length: 40 }, (_, index) => randomBytes(index * 1000));
      const keys = await Promise.all(contents.map(quarantined));
      await Promise.all(keys.map((key) => storage.release(key)));
      for (const [index, key] of keys.entries())
        assert.deepEqual(await bytesOf("store", key), contents[index]);
    });

    test("probes by an object that is gone afterwards", async () => {
      await storage.probe();
      assert.deepEqual(await keysIn("quarantine"), []);
      assert.deepEqual(await keysIn("store"), []);
    });

    test("closes twice", async () => {
      await storage.close();
      await storage.close();
      storage = await opened.reopen();
    });
  });
}
