import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import type { ErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import { type DiskStorage, openDiskStorage } from "../storage/disk/open-disk-storage.ts";
import type { ObjectSink, Storage } from "../storage/storage.ts";
import type { QuarantinedFile } from "../uploads/stages.ts";
import { Quarantine, type QuarantineWriter } from "./quarantine.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const FILE = { index: 0, field: "picture", declaredName: "me.jpg", declaredType: "image/jpeg" };
const NO_LIMIT = { sizeBytesMax: Number.MAX_SAFE_INTEGER };

let root: string;
let storage: DiskStorage;
let quarantine: Quarantine;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "sluicegate-quarantine-"));
  storage = await openDiskStorage({ root });
  quarantine = new Quarantine(storage);
});
afterEach(async () => {
  await storage.close();
  rmSync(root, { recursive: true });
});

const objects = (): string[] => readdirSync(join(root, "quarantine"));
const descriptors = (): number => readdirSync("/proc/self/fd").length;
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const withCode = (code: ErrorCode) => (error: unknown) => error instanceof GateError && error.code === code;

async function send(writer: QuarantineWriter, bytes: Uint8Array, chunkBytes = 64 * KIB): Promise<void> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    if (!writer.write(bytes.subarray(start, start + chunkBytes))) await writer.drained();
  }
}

async function readBack(file: QuarantinedFile): Promise<Buffer> {
  const source = await quarantine.read(file);
  const bytes = Buffer.from(await source.read(0, source.sizeBytes));
  await source.close();
  return bytes;
}

/** The real storage with each write held until `letGo`. */
function heldStorage(): { storage: Storage; letGo: () => void; writes: number[]; firstWrite: Promise<void> } {
  const held = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const writes: number[] = [];
  const create = async (key: string): Promise<ObjectSink> => {
    const sink = await storage.create(key);
    const write = async (chunks: readonly Uint8Array[]) => {
      writes.push(chunks.reduce((total, { byteLength }) => total + byteLength, 0));
      began.resolve();
      await held.promise;
      await sink.write(chunks);
    };
    return { write, seal: () => sink.seal(), abort: () => sink.abort() };
  };
  const isHeld: ProxyHandler<Storage> = {
    get: (target, name) => (name === "create" ? create : Reflect.get(target, name, target)),
  };
  return {
    storage: new Proxy<Storage>(storage, isHeld),
    letGo: () => held.resolve(),
    writes,
    firstWrite: began.promise,
  };
}

test("a small file stays in memory, and storage is never touched", async () => {
  const bytes = randomBytes(64 * KIB);
  const writer = quarantine.open(FILE, NO_LIMIT);
  await send(writer, bytes, 10_000);
  const file = await writer.finish();
  assert.deepEqual(objects(), []);
  assert.deepEqual(Buffer.from(file.inline ?? []), bytes);
  assert.equal(file.sha256, digest(bytes));
  assert.deepEqual(await readBack(file), bytes);
});

test("a file of one byte more is in storage, durable and private", async () => {
  const bytes = randomBytes(64 * KIB + 1);
  const writer = quarantine.open(FILE, NO_LIMIT);
  await send(writer, bytes);
  const file = await writer.finish();
  assert.deepEqual(objects(), [file.key]);
  assert.deepEqual(file, {
    ...FILE,
    key: writer.key,
    sizeBytes: bytes.length,
    sha256: digest(bytes),
    inline: null,
  });
  assert.deepEqual(await readBack(file), bytes);
});

test("an empty file has the digest of nothing", async () => {
  const file = await quarantine.open(FILE, NO_LIMIT).finish();
  assert.equal(file.sizeBytes, 0);
  assert.equal(file.sha256, digest(new Uint8Array(0)));
  assert.equal(file.inline?.byteLength, 0);
});

test("the limit holds to the byte, with the chunk that passes it", async () => {
  for (const sizeBytesMax of [10, 100_000]) {
    const writer = quarantine.open(FILE, { sizeBytesMax });
    await send(writer, randomBytes(sizeBytesMax));
    assert.throws(
      () => writer.write(new Uint8Array(1)),
      (error) => {
        assert.ok(withCode("FILE_TOO_LARGE")(error));
        assert.deepEqual((error as GateError).details, { limitBytes: sizeBytesMax, field: "picture" });
        return true;
      },
    );
    assert.equal(writer.sizeBytes, sizeBytesMax);
    await writer.discard();
  }
  assert.deepEqual(objects(), []);
});

test("a file of exactly the limit passes", async () => {
  const writer = quarantine.open(FILE, { sizeBytesMax: 70_000 });
  await send(writer, randomBytes(70_000));
  assert.equal((await writer.finish()).sizeBytes, 70_000);
});

test("whatever the sizes of the chunks, digest and bytes are those of the whole", async () => {
  const small = new Quarantine(storage, { inlineBytesMax: 20_000, gatherBytes: 30_000 });
  const sizes = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 4000, max: 4200 }),
      fc.integer({ max: 70_000, min: 0 }),
    ),
    { maxLength: 40 },
  );
  const property = fc.asyncProperty(sizes, fc.integer({ min: 0, max: 500 }), async (chunkSizes, gapBytes) => {
    const slab = randomBytes(100_000 + gapBytes);
    const chunks = chunkSizes.map((size, index) => {
      const start = (index * gapBytes) % (slab.length - size);
      return slab.subarray(start, start + size);
    });
    const writer = small.open(FILE, NO_LIMIT);
    for (const chunk of chunks) if (!writer.write(chunk)) await writer.drained();
    const file = await writer.finish();
    const whole = Buffer.concat(chunks);
    assert.equal(file.sha256, digest(whole));
    assert.equal(file.sizeBytes, whole.length);
    assert.equal(file.inline === null, whole.length > 20_000);
    assert.deepEqual(await readBack(file), whole);
    await writer.discard();
  });
  await fc.assert(property, { numRuns: 60 });
  assert.deepEqual(objects(), []);
});

test("a writer asks for a pause at 4 MiB, has one write of about 1 MiB in flight, and goes on when it is done", async () => {
  const held = heldStorage();
  const writer = new Quarantine(held.storage).open(FILE, NO_LIMIT);
  const chunk = randomBytes(64 * KIB);
  let taken = 1;
  while (writer.write(chunk)) taken += 1;
  assert.equal(taken * chunk.length, 4 * MIB);
  let isDrained = false;
  const drained = writer.drained().then(() => {
    isDrained = true;
  });
  await held.firstWrite;
  assert.equal(isDrained, false);
  assert.deepEqual(held.writes, [MIB]);
  held.letGo();
  await drained;
  assert.equal((await writer.finish()).sizeBytes, 4 * MIB);
});

test("buffers that are given are freed once they are written, and shared ones stay whole", async () => {
  const bytes = randomBytes(64 * KIB);
  const [given, shared] = [new Uint8Array(bytes), new Uint8Array(bytes)];
  const writer = quarantine.open(FILE, NO_LIMIT);
  writer.write(given, "given");
  writer.write(shared);
  assert.equal(given.byteLength, 64 * KIB);
  const file = await writer.finish();
  assert.equal(given.byteLength, 0);
  assert.deepEqual(Buffer.from(shared), bytes);
  assert.deepEqual(await readBack(file), Buffer.concat([bytes, bytes]));
});

test("a given buffer is not freed where the file stays in memory, nor where it is Node's own pool", async () => {
  const bytes = new Uint8Array(randomBytes(50 * KIB));
  const inMemory = quarantine.open(FILE, NO_LIMIT);
  inMemory.write(bytes, "given");
  const file = await inMemory.finish();
  assert.equal(file.sha256, digest(file.inline ?? new Uint8Array(0)));
  assert.equal(file.inline?.byteLength, 50 * KIB);
  const pooled = Buffer.allocUnsafe((Buffer.poolSize >>> 1) - 1);
  const writer = quarantine.open(FILE, NO_LIMIT);
  writer.write(randomBytes(64 * KIB), "given");
  writer.write(pooled, "given");
  await writer.finish();
  assert.ok(pooled.byteLength > 0);
});

test("64 writers at once hold at most half a mebibyte each", async () => {
  const held = heldStorage();
  const many = new Quarantine(held.storage);
  const writers = Array.from({ length: 64 }, () => many.open(FILE, NO_LIMIT));
  const chunk = randomBytes(64 * KIB);
  // One chunk more than what stays in memory: from here on all of them write to storage.
  for (const writer of writers) for (const _ of [1, 2]) writer.write(chunk);
  for (const writer of writers) {
    while (writer.write(chunk));
    assert.equal(writer.sizeBytes, MIB / 2);
  }
  held.letGo();
  const files = await Promise.all(writers.map((writer) => writer.finish()));
  assert.equal(new Set(files.map(({ sha256 }) => sha256)).size, 1);
});

test("a full disk shows in drained, write and finish, and a discard leaves nothing", async () => {
  const disk = join(root, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
  try {
    const full = await openDiskStorage({ root: disk });
    const before = descriptors();
    const writer = new Quarantine(full).open(FILE, NO_LIMIT);
    await assert.rejects(send(writer, randomBytes(16 * MIB)), withCode("STORAGE_FULL"));
    assert.throws(() => writer.write(new Uint8Array(1)), withCode("STORAGE_FULL"));
    await assert.rejects(writer.drained(), withCode("STORAGE_FULL"));
    await assert.rejects(writer.finish(), withCode("STORAGE_FULL"));
    await writer.discard();
    assert.deepEqual(readdirSync(join(disk, "quarantine")), []);
    assert.equal(descriptors(), before);
    await full.close();
  } finally {
    execFileSync("umount", [disk]);
  }
});

test("storage that cannot make an object shows too, and a discard is safe", async () => {
  rmSync(join(root, "quarantine"), { recursive: true });
  const writer = quarantine.open(FILE, NO_LIMIT);
  writer.write(randomBytes(100_000));
  await assert.rejects(writer.finish(), withCode("STORAGE_WRITE_FAILED"));
  await writer.discard();
});

test("a discard leaves no file and no descriptor, whenever it comes", async () => {
  const before = descriptors();
  const untouched = quarantine.open(FILE, NO_LIMIT);
  const inMemory = quarantine.open(FILE, NO_LIMIT);
  inMemory.write(randomBytes(100));
  const beingMade = quarantine.open(FILE, NO_LIMIT);
  beingMade.write(randomBytes(100_000));
  const beingWritten = quarantine.open(FILE, NO_LIMIT);
  await send(beingWritten, randomBytes(9 * MIB));
  const beingFinished = quarantine.open(FILE, NO_LIMIT);
  await send(beingFinished, randomBytes(3 * MIB));
  const finishing = beingFinished.finish();
  const finished = quarantine.open(FILE, NO_LIMIT);
  await send(finished, randomBytes(200_000));
  await finished.finish();
  const writers = [untouched, inMemory, beingMade, beingWritten, beingFinished, finished];
  await Promise.all(writers.map((writer) => writer.discard()));
  await Promise.all(writers.map((writer) => writer.discard()));
  await finishing;
  assert.deepEqual(objects(), []);
  assert.equal(descriptors(), before);
});

test("a discard while a write is in flight waits for it", async () => {
  const held = heldStorage();
  const writer = new Quarantine(held.storage).open(FILE, NO_LIMIT);
  await send(writer, randomBytes(2 * MIB));
  let isDiscarded = false;
  await held.firstWrite;
  const discarded = writer.discard().then(() => {
    isDiscarded = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isDiscarded, false);
  held.letGo();
  await discarded;
  assert.deepEqual(objects(), []);
});

test("discarded writers do not count among those that share the memory", async () => {
  const chunk = randomBytes(128 * KIB);
  for (let count = 0; count < 64; count += 1) {
    const writer = quarantine.open(FILE, NO_LIMIT);
    writer.write(chunk);
    if (count % 2 === 0) await writer.finish();
    await writer.discard();
  }
  const alone = quarantine.open(FILE, NO_LIMIT);
  assert.equal(alone.write(randomBytes(3 * MIB)), true);
  await alone.discard();
});

test("a file ends once: it is finished twice alike, and not written or finished after its end", async () => {
  const writer = quarantine.open(FILE, NO_LIMIT);
  writer.write(randomBytes(10));
  assert.equal(await writer.finish(), await writer.finish());
  assert.throws(() => writer.write(new Uint8Array(1)), /has ended/);
  const discarded = quarantine.open(FILE, NO_LIMIT);
  await discarded.discard();
  await assert.rejects(discarded.finish(), /discarded/);
  assert.throws(() => discarded.write(new Uint8Array(1)), /has ended/);
});

test("a discarded file cannot be read, and is discarded twice without harm", async () => {
  const writer = quarantine.open(FILE, NO_LIMIT);
  await send(writer, randomBytes(100_000));
  const file = await writer.finish();
  await quarantine.discard(file);
  await quarantine.discard(file);
  await assert.rejects(quarantine.read(file), withCode("STORAGE_OBJECT_MISSING"));
});
