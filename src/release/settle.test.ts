import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import type { FileRecord, NewUpload } from "../records/records.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import type { SqliteRecords } from "../records/sqlite/sqlite-records.ts";
import { type DiskStorage, openDiskStorage } from "../storage/disk/open-disk-storage.ts";
import { newStorageKey } from "../storage/storage.ts";
import { newUploadId } from "../uploads/upload-id.ts";
import type { UploadState } from "../uploads/upload-state.ts";
import { restoreInline } from "./restore-inline.ts";
import { Settler } from "./settle.ts";

let root: string;
let storage: DiskStorage;
let records: SqliteRecords;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "sluicegate-settle-"));
  storage = await openDiskStorage({ root });
  records = await openSqliteRecords({ path: join(root, "records.sqlite") });
});
afterEach(async () => {
  await records.close();
  await storage.close();
  rmSync(root, { recursive: true });
});

/** An upload in a state with one file whose bytes are in the records. */
async function inlineFile(state: UploadState, kind: "receipt" | "forward" = "receipt"): Promise<string> {
  const key = newStorageKey();
  const file: FileRecord = {
    index: 0,
    field: "picture",
    declaredName: null,
    declaredType: null,
    key,
    sizeBytes: BYTES.length,
    sha256: "",
    verifiedType: null,
    isInline: true,
    findings: [],
  };
  const upload: NewUpload = {
    id: newUploadId(),
    flow: "avatars",
    policyVersion: "1",
    mode: "enforce",
    protocol: "raw",
    method: "PUT",
    path: "/",
    principal: "public",
    requestId: "r",
    startedAtMs: 1,
  };
  await records.begin(upload, state === "receiving" ? [] : [{ from: "receiving", to: state, atMs: 2 }], {
    files: [file],
    putInline: [{ key, bytes: BYTES }],
    delivery: { attempt: 1, kind, startedAtMs: 3, endedAtMs: 4, status: 200, error: null },
  });
  return key;
}

const BYTES = randomBytes(1000);

async function storedBytes(key: string): Promise<Buffer> {
  const source = await storage.open("store", key);
  const bytes = Buffer.from(await source.read(0, source.sizeBytes));
  await source.close();
  return bytes;
}

async function placed(): Promise<string> {
  const key = await inlineFile("delivered");
  await storage.placeUnsynced(key, BYTES);
  return key;
}

test("a flush makes files durable and lets the records forget their bytes", async () => {
  const settler = new Settler(records, storage);
  const keys = await Promise.all(Array.from({ length: 10 }, placed));
  for (const key of keys) settler.add(key);
  assert.equal(settler.waitingCount, 10);
  await settler.flush();
  assert.equal(settler.waitingCount, 0);
  assert.deepEqual(await records.inlineKeys(), []);
  for (const key of keys) assert.deepEqual(await storedBytes(key), BYTES);
  await settler.close();
});

test("keys settle by themselves after a while, many in one group", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const settler = new Settler(records, storage, { delayMs: 500 });
  for (const key of await Promise.all(Array.from({ length: 20 }, placed))) settler.add(key);
  const commits = records.commits;
  context.mock.timers.tick(499);
  assert.equal(settler.waitingCount, 20);
  context.mock.timers.tick(1);
  // Waits for the group that the timer began.
  await settler.flush();
  assert.equal(settler.waitingCount, 0);
  assert.equal(records.commits, commits + 1);
  await settler.close();
});

test("a file that is not in the store keeps its bytes in the records, and the others settle", async () => {
  const settler = new Settler(records, storage);
  const keys = await Promise.all(Array.from({ length: 9 }, placed));
  const missing = await inlineFile("delivered");
  for (const key of [...keys.slice(0, 4), missing, ...keys.slice(4)]) settler.add(key);
  await settler.flush();
  assert.deepEqual(
    (await records.inlineKeys()).map(({ key }) => key),
    [missing],
  );
  assert.equal(settler.waitingCount, 0);
  await settler.close();
});

test("what fails goes on waiting, is told, and is tried again", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const told = Promise.withResolvers<unknown>();
  let isBroken = true;
  const settle = async (keys: readonly string[]) => {
    if (isBroken) throw new GateError("STORAGE_WRITE_FAILED");
    await storage.settle(keys);
  };
  const settler = new Settler(records, { settle }, { delayMs: 10, retryMs: 1000, onError: told.resolve });
  settler.add(await placed());
  context.mock.timers.tick(10);
  const error = await told.promise;
  assert.ok(error instanceof GateError && error.code === "STORAGE_WRITE_FAILED");
  assert.equal(settler.waitingCount, 1);
  assert.equal((await records.inlineKeys()).length, 1);
  isBroken = false;
  context.mock.timers.tick(1000);
  await settler.flush();
  assert.deepEqual(await records.inlineKeys(), []);
  await settler.close();
});

test("a close settles what waits, and does not fail where that is not possible", async () => {
  const settler = new Settler(records, storage);
  settler.add(await placed());
  await settler.close();
  assert.deepEqual(await records.inlineKeys(), []);
  const errors: unknown[] = [];
  const failing = new Settler(
    { dropInline: () => Promise.reject(new GateError("RECORDS_UNAVAILABLE")) },
    storage,
    { onError: (error) => errors.push(error) },
  );
  failing.add(await placed());
  await failing.close();
  assert.equal(errors.length, 1);
  assert.equal((await records.inlineKeys()).length, 1);
});

test("a start brings released files back whole, drops what nobody needs, and leaves the rest where it is", async () => {
  const gone = await inlineFile("delivered");
  const cutShort = await inlineFile("delivered");
  await storage.placeUnsynced(cutShort, BYTES.subarray(0, 10));
  const released = await inlineFile("released");
  const undeliverable = await inlineFile("undeliverable");
  const forwarded = await inlineFile("delivered", "forward");
  const rejected = await inlineFile("rejected");
  const underWay = await inlineFile("inspecting");
  const held = await inlineFile("held");
  assert.deepEqual(await restoreInline(records, storage), { settled: 4, dropped: 2, kept: 2 });
  for (const key of [gone, cutShort, released, undeliverable])
    assert.deepEqual(await storedBytes(key), BYTES);
  const missing = (error: unknown) => error instanceof GateError && error.code === "STORAGE_OBJECT_MISSING";
  for (const key of [forwarded, rejected, underWay, held])
    await assert.rejects(storage.open("store", key), missing);
  assert.deepEqual(
    (await records.inlineKeys()).map(({ key }) => key),
    [underWay, held],
  );
  assert.deepEqual(await restoreInline(records, storage), { settled: 0, dropped: 0, kept: 2 });
});

test("a start goes through more files than one group has", async () => {
  await Promise.all(
    Array.from({ length: 600 }, (_, index) => inlineFile(index % 2 === 0 ? "aborted" : "receiving")),
  );
  assert.deepEqual(await restoreInline(records, storage), { settled: 0, dropped: 300, kept: 300 });
});
