/**
 * Kills a process that writes objects, at random moments, and looks for what it had acknowledged. This file is also that process.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { newStorageKey, type Storage, type StorageArea } from "../storage.ts";
import { openDiskStorage } from "./open-disk-storage.ts";

const ROUNDS = 10;
const CLIENTS = 8;

interface Acknowledged {
  readonly area: StorageArea;
  readonly key: string;
  readonly sha256: string;
}

const writerRoot = process.env.STORAGE_TO_WRITE;
if (writerRoot === undefined) registerTests();
else await writeUntilKilled(writerRoot);

async function writeUntilKilled(root: string): Promise<never> {
  const storage = await openDiskStorage({ root });
  const tell = (message: Acknowledged) => process.send?.(message);
  async function client(): Promise<never> {
    for (;;) {
      const bytes = randomBytes(300_000);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const key = newStorageKey();
      const sink = await storage.create(key);
      await sink.write([bytes.subarray(0, 200_000)]);
      await sink.write([bytes.subarray(200_000)]);
      await sink.seal();
      tell({ area: "quarantine", key, sha256 });
      await storage.release(key);
      tell({ area: "store", key, sha256 });
      const placed = newStorageKey();
      await storage.placeUnsynced(placed, bytes.subarray(0, 50_000));
      tell({
        area: "store",
        key: placed,
        sha256: createHash("sha256").update(bytes.subarray(0, 50_000)).digest("hex"),
      });
    }
  }
  return Promise.race(Array.from({ length: CLIENTS }, client));
}

/** Collects acknowledgements and kills the writer after so many. What was sent before the kill still arrives. */
async function killAfter(root: string, count: number): Promise<Acknowledged[]> {
  const writer = fork(import.meta.filename, { env: { ...process.env, STORAGE_TO_WRITE: root } });
  const acknowledged: Acknowledged[] = [];
  writer.on("message", (message) => {
    acknowledged.push(message as Acknowledged);
    if (acknowledged.length === count) writer.kill("SIGKILL");
  });
  const [, signal] = await once(writer, "close");
  assert.equal(signal, "SIGKILL", "the writer must not end by itself");
  return acknowledged;
}

/** The digest of an object that is at least as far as `area`. */
async function digestOf(storage: Storage, { area, key }: Acknowledged): Promise<string> {
  const source = await storage.open(area, key).catch(() => storage.open("store", key));
  const bytes = await source.read(0, source.sizeBytes);
  await source.close();
  return createHash("sha256").update(bytes).digest("hex");
}

function registerTests(): void {
  test(`objects that were acknowledged survive kill -9 at ${ROUNDS} random moments, and the store has whole ones only`, async (context) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e9);
    context.diagnostic(`SEED=${seed}`);
    const random = seededRandom(seed);
    const root = await mkdtemp(join(tmpdir(), "sluicegate-killed-"));
    for (let round = 0; round < ROUNDS; round += 1) {
      const acknowledged = await killAfter(root, 1 + Math.floor(random() * 100));
      const storage = await openDiskStorage({ root });
      for (const object of acknowledged) assert.equal(await digestOf(storage, object), object.sha256);
      for await (const { key, sizeBytes } of storage.list("store")) {
        assert.ok(sizeBytes === 300_000 || sizeBytes === 50_000, `${key} has ${sizeBytes} bytes`);
        await storage.remove("store", key);
      }
      for await (const { key } of storage.list("quarantine")) await storage.remove("quarantine", key);
      await storage.close();
    }
    await rm(root, { recursive: true });
  });
}

/** Mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
