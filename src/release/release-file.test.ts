import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { type DiskStorage, openDiskStorage } from "../storage/disk/open-disk-storage.ts";
import { newStorageKey } from "../storage/storage.ts";
import { type AcceptedFile, acceptFile, type ReleasedFile } from "../uploads/stages.ts";
import { releaseFile } from "./release-file.ts";

let root: string;
let storage: DiskStorage;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "sluicegate-release-"));
  storage = await openDiskStorage({ root });
});
afterEach(async () => {
  await storage.close();
  rmSync(root, { recursive: true });
});

function accepted(key: string, bytes: Uint8Array, isInline: boolean): AcceptedFile {
  const received = { index: 0, field: "picture", declaredName: null, declaredType: null };
  const file = {
    ...received,
    key,
    sizeBytes: bytes.length,
    sha256: "",
    inline: isInline ? bytes : null,
  };
  const verdict = { outcome: "accept", findings: [] } as const;
  return acceptFile({ file, verifiedType: null, stepsDone: new Set(), findings: [], verdict }, []);
}

async function large(bytes: Uint8Array): Promise<AcceptedFile> {
  const key = newStorageKey();
  const sink = await storage.create(key);
  await sink.write([bytes]);
  await sink.seal();
  return accepted(key, bytes, false);
}

async function bytesOf(released: ReleasedFile): Promise<Buffer> {
  const source = await released.open();
  const bytes = Buffer.from(await source.read(0, source.sizeBytes));
  await source.close();
  return bytes;
}

test("a large file that is wanted as a file is moved to the store, also when it is released twice", async () => {
  const bytes = randomBytes(100_000);
  const file = await large(bytes);
  for (const _ of ["first", "again"]) {
    const released = await releaseFile(file, storage, { needsPath: true });
    assert.equal(released.accepted, file);
    assert.equal(released.localPath, join("store", file.file.key));
    assert.deepEqual(readFileSync(join(root, released.localPath)), bytes);
    assert.deepEqual(await bytesOf(released), bytes);
  }
  assert.deepEqual(readdirSync(join(root, "quarantine")), []);
});

test("a large file that is only passed on is read where it is", async () => {
  const bytes = randomBytes(100_000);
  const released = await releaseFile(await large(bytes), storage, { needsPath: false });
  assert.equal(released.localPath, null);
  assert.deepEqual(await bytesOf(released), bytes);
  assert.deepEqual(readdirSync(join(root, "store")), []);
});

test("a small file that nobody wants as a file stays in memory", async () => {
  const bytes = randomBytes(1000);
  const released = await releaseFile(accepted(newStorageKey(), bytes, true), storage, { needsPath: false });
  assert.equal(released.localPath, null);
  assert.deepEqual(await bytesOf(released), bytes);
  assert.deepEqual(readdirSync(join(root, "store")), []);
});

test("a small file that is wanted as a file becomes one below the root, also when it is released twice", async () => {
  const bytes = randomBytes(1000);
  const file = accepted(newStorageKey(), bytes, true);
  await releaseFile(file, storage, { needsPath: true });
  const released = await releaseFile(file, storage, { needsPath: true });
  assert.equal(released.localPath, join("store", file.file.key));
  assert.deepEqual(readFileSync(join(root, released.localPath)), bytes);
  assert.deepEqual(await bytesOf(released), bytes);
});

test("a large file that is nowhere is missing", async () => {
  await assert.rejects(
    releaseFile(accepted(newStorageKey(), randomBytes(10), false), storage, { needsPath: true }),
    (error) => error instanceof GateError && error.code === "STORAGE_OBJECT_MISSING",
  );
});
