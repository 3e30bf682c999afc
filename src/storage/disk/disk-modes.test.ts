import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { newStorageKey } from "../storage.ts";
import { type DiskStorage, openDiskStorage } from "./open-disk-storage.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sluicegate-modes-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const modeOf = (...path: readonly string[]): number => statSync(join(root, ...path)).mode & 0o777;

/** One object of each way into the store; the first two keys are released, the last one is in quarantine. */
async function oneOfEach(storage: DiskStorage): Promise<[moved: string, placed: string, waiting: string]> {
  const [moved, placed, waiting] = [newStorageKey(), newStorageKey(), newStorageKey()];
  for (const key of [moved, waiting]) await (await storage.create(key)).seal();
  await storage.release(moved);
  await storage.placeUnsynced(placed, new Uint8Array(1));
  return [moved, placed, waiting];
}

for (const umask of [0o000, 0o022, 0o077]) {
  test(`quarantine is the gate's alone and the store its group's too, with umask ${umask.toString(8)}`, async () => {
    const previous = process.umask(umask);
    try {
      const storage = await openDiskStorage({ root });
      const [moved, placed, waiting] = await oneOfEach(storage);
      assert.equal(modeOf("quarantine"), 0o700);
      assert.equal(modeOf("quarantine", waiting), 0o600);
      assert.equal(modeOf("store") & 0o027, 0);
      assert.equal(modeOf("store", moved), 0o640);
      assert.equal(modeOf("store", placed), 0o640);
      await storage.close();
    } finally {
      process.umask(previous);
    }
  });
}

test("a quarantine that others could enter is closed to them, and a store keeps what its operator gave it", async () => {
  mkdirSync(join(root, "quarantine"));
  chmodSync(join(root, "quarantine"), 0o777);
  mkdirSync(join(root, "store"));
  chmodSync(join(root, "store"), 0o770);
  const storage = await openDiskStorage({ root });
  assert.equal(modeOf("quarantine"), 0o700);
  assert.equal(modeOf("store"), 0o770);
  await storage.close();
});

test("released files have the group of the store", async () => {
  mkdirSync(join(root, "store"));
  chownSync(join(root, "store"), -1, 12_345);
  const storage = await openDiskStorage({ root });
  const [moved, placed] = await oneOfEach(storage);
  for (const key of [moved, placed]) {
    assert.equal(statSync(join(root, "store", key)).gid, 12_345);
    assert.equal(modeOf("store", key), 0o640);
  }
  await storage.close();
});

test("opening leaves no trial file behind", async () => {
  const storage = await openDiskStorage({ root });
  assert.deepEqual(readdirSync(join(root, "quarantine")), []);
  assert.deepEqual(readdirSync(join(root, "store")), []);
  await storage.close();
});
