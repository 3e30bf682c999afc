import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { ErrorCode } from "../../problems/error-code.ts";
import { GateError } from "../../problems/gate-error.ts";
import { newStorageKey, type ObjectSink } from "../storage.ts";
import { openDiskStorage } from "./open-disk-storage.ts";

let folder: string;
let mounted: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-disk-"));
  mounted = [];
});
afterEach(() => {
  for (const path of mounted.reverse()) execFileSync("umount", [path]);
  rmSync(folder, { recursive: true });
});

const withCode = (code: ErrorCode) => (error: unknown) => error instanceof GateError && error.code === code;

const descriptors = (): number => readdirSync("/proc/self/fd").length;

/** A file system of its own, really mounted. A machine that cannot mount fails these tests rather than skipping them. */
function mountMemory(name: string, size: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  mounted.push(path);
  return path;
}

async function writeUntilFull(sink: ObjectSink): Promise<void> {
  for (;;) await sink.write([randomBytes(70_000), randomBytes(30_000)]);
}

test("a full disk is STORAGE_FULL, an abort gives the room back, and the next upload works", async () => {
  const root = mountMemory("full", "1m");
  const storage = await openDiskStorage({ root });
  const before = descriptors();
  const key = newStorageKey();
  const sink = await storage.create(key);
  await assert.rejects(writeUntilFull(sink), withCode("STORAGE_FULL"));
  await assert.rejects(storage.placeUnsynced(newStorageKey(), randomBytes(60_000)), withCode("STORAGE_FULL"));
  await assert.rejects(storage.probe(), withCode("STORAGE_FULL"));
  await sink.abort();
  assert.deepEqual(readdirSync(join(root, "quarantine")), []);
  assert.deepEqual(readdirSync(join(root, "store")), []);
  assert.equal(descriptors(), before);
  await storage.probe();
  const next = await storage.create(key);
  await next.write([randomBytes(500_000)]);
  await next.seal();
  await storage.close();
});

test("a disk that fills up in the middle of a write keeps what was sealed before", async () => {
  const storage = await openDiskStorage({ root: mountMemory("half", "1m") });
  const [key, bytes] = [newStorageKey(), randomBytes(400_000)];
  const sealed = await storage.create(key);
  await sealed.write([bytes]);
  await sealed.seal();
  const sink = await storage.create(newStorageKey());
  await assert.rejects(
    sink.write(Array.from({ length: 2000 }, () => randomBytes(1000))),
    withCode("STORAGE_FULL"),
  );
  await sink.abort();
  const source = await storage.open("quarantine", key);
  assert.deepEqual(Buffer.from(await source.read(0, 400_000)), bytes);
  await source.close();
  await storage.close();
});

test("a disk that has become read-only is STORAGE_WRITE_FAILED, and still reads", async () => {
  const root = mountMemory("frozen", "1m");
  const storage = await openDiskStorage({ root });
  const key = newStorageKey();
  const sink = await storage.create(key);
  await sink.write([new Uint8Array(10)]);
  await sink.seal();
  execFileSync("mount", ["-o", "remount,ro", root]);
  await assert.rejects(storage.create(newStorageKey()), withCode("STORAGE_WRITE_FAILED"));
  await assert.rejects(storage.release(key), withCode("STORAGE_WRITE_FAILED"));
  await assert.rejects(storage.remove("quarantine", key), withCode("STORAGE_WRITE_FAILED"));
  await assert.rejects(storage.probe(), withCode("STORAGE_WRITE_FAILED"));
  const source = await storage.open("quarantine", key);
  assert.equal((await source.read(0, 10)).byteLength, 10);
  await source.close();
  await storage.close();
});

test("a root whose areas are on two file systems is refused in words", async () => {
  mountMemory("two/store", "1m");
  await assert.rejects(
    openDiskStorage({ root: join(folder, "two") }),
    (error) => withCode("STORAGE_UNUSABLE")(error) && (error as GateError).seen === "two file systems",
  );
});

test("a root is refused too whose areas are two mounts of one file system", async () => {
  const [shared, root] = [join(folder, "shared"), join(folder, "root")];
  mkdirSync(shared);
  mkdirSync(join(root, "store"), { recursive: true });
  execFileSync("mount", ["--bind", shared, join(root, "store")]);
  mounted.push(join(root, "store"));
  await assert.rejects(
    openDiskStorage({ root }),
    (error) => withCode("STORAGE_UNUSABLE")(error) && (error as GateError).seen === "two file systems",
  );
});

test("a root that cannot be made is refused with its path for the operator", async () => {
  writeFileSync(join(folder, "file"), "");
  const root = join(folder, "file", "data");
  await assert.rejects(
    openDiskStorage({ root }),
    (error) => withCode("STORAGE_UNUSABLE")(error) && (error as GateError).message.includes(root),
  );
});

test("a link in quarantine is neither written through nor read through", async () => {
  const root = join(folder, "links");
  const storage = await openDiskStorage({ root });
  writeFileSync(join(folder, "outside"), "secret");
  const key = newStorageKey();
  symlinkSync(join(folder, "outside"), join(root, "quarantine", key));
  await assert.rejects(storage.create(key), withCode("STORAGE_WRITE_FAILED"));
  await assert.rejects(storage.open("quarantine", key), withCode("STORAGE_READ_FAILED"));
  const listed: string[] = [];
  for await (const object of storage.list("quarantine")) listed.push(object.key);
  assert.deepEqual(listed, []);
  await storage.close();
});

test("what a killed gate left half-written of small bytes is replaced", async () => {
  const root = join(folder, "leftover");
  const storage = await openDiskStorage({ root });
  const [key, bytes] = [newStorageKey(), randomBytes(1000)];
  writeFileSync(join(root, "quarantine", key), bytes.subarray(0, 10));
  await storage.placeUnsynced(key, bytes);
  assert.deepEqual(readFileSync(join(root, "store", key)), bytes);
  assert.deepEqual(readdirSync(join(root, "quarantine")), []);
  await storage.close();
});

test("no descriptor stays open after reading, writing, failing and closing", async () => {
  const before = descriptors();
  const storage = await openDiskStorage({ root: join(folder, "count") });
  for (let count = 0; count < 20; count += 1) {
    const key = newStorageKey();
    const sink = await storage.create(key);
    await sink.write([randomBytes(10)]);
    if (count % 2 === 0) {
      await sink.abort();
      await assert.rejects(storage.open("quarantine", key), withCode("STORAGE_OBJECT_MISSING"));
    } else {
      await sink.seal();
      await (await storage.open("quarantine", key)).close();
      await storage.release(key);
      await storage.settle([key]);
    }
    await storage.placeUnsynced(newStorageKey(), randomBytes(10));
  }
  await storage.close();
  assert.equal(descriptors(), before);
});
