import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { newStorageKey } from "../storage.ts";
import { FolderSync } from "./folder-sync.ts";
import { openDiskStorage } from "./open-disk-storage.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-sync-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("all who wait share one sync", async () => {
  const sync = await FolderSync.open(folder);
  await Promise.all(Array.from({ length: 100 }, () => sync.sync()));
  assert.equal(sync.count, 1);
  await sync.close();
});

test("who asks while a sync runs gets one that began after the asking", async () => {
  const sync = await FolderSync.open(folder);
  const first = sync.sync();
  // The sync begins in a microtask: once it has, it cannot cover a name made now.
  await Promise.resolve();
  assert.equal(sync.count, 1);
  const [second, third] = [sync.sync(), sync.sync()];
  assert.equal(second, third);
  assert.notEqual(first, second);
  await Promise.all([first, second, third]);
  assert.equal(sync.count, 2);
  await sync.close();
});

test("a close waits for the sync that runs; one asked for afterwards rejects", async () => {
  const sync = await FolderSync.open(folder);
  const running = sync.sync();
  await sync.close();
  await running;
  await assert.rejects(sync.sync());
});

test("64 uploads at once take far fewer folder syncs than uploads", async () => {
  const storage = await openDiskStorage({ root: folder });
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      const key = newStorageKey();
      const sink = await storage.create(key);
      await sink.write([new Uint8Array(1000)]);
      await sink.seal();
      await storage.release(key);
    }),
  );
  assert.ok(storage.folderSyncs <= 64, `128 names took ${storage.folderSyncs} folder syncs`);
  await storage.close();
});
