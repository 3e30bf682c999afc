/**
 * Kills a process that writes records, at random moments, and looks for what it had acknowledged. This file is also that process.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { UploadId } from "../../uploads/upload-id.ts";
import { movesThrough, sampleFile, sampleUpload } from "../records.contract.ts";
import type { UploadChange, UploadRecord } from "../records.ts";
import { assertWhole, sampleEntry } from "../records-audit.contract.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";
import type { SqliteRecords } from "./sqlite-records.ts";

const ROUNDS = 12;
const CLIENTS = 16;

/** More uploads than all rounds can begin. */
const ALL = 10_000;

/** Later than any clock of this test. */
const LATER_MS = 4_000_000_000_000;

interface Acknowledged {
  readonly id: UploadId;
  readonly state: "receiving" | "received" | "released";
}

const writerPath = process.env.RECORDS_TO_WRITE;
if (writerPath === undefined) registerTests();
else await writeUntilKilled(writerPath);

/** Tells the parent of each change once its promise has resolved. */
async function writeUntilKilled(path: string): Promise<never> {
  const records = await openSqliteRecords({ path });
  const tell = (message: Acknowledged) => process.send?.(message);
  async function client(): Promise<never> {
    for (;;) {
      const upload = sampleUpload();
      const bytes = randomBytes(2000);
      const file = sampleFile({
        sha256: createHash("sha256").update(bytes).digest("hex"),
        sizeBytes: bytes.length,
      });
      await records.begin(upload);
      tell({ id: upload.id, state: "receiving" });
      const putInline = [{ key: file.key, bytes }];
      const decided = decisionsOf(upload.id);
      await records.move(upload.id, movesThrough("receiving", "received"), {
        files: [file],
        putInline,
        ...decided,
      });
      tell({ id: upload.id, state: "received" });
      await records.move(upload.id, movesThrough("received", "inspecting", "accepted", "released"), {
        audit: [sampleEntry({ uploadId: upload.id, event: "upload-accepted" })],
        idempotency: {
          kind: "answer",
          scope: upload.id,
          answer: { status: 201, headers: [], body: null },
          expiresAtMs: LATER_MS,
        },
      });
      tell({ id: upload.id, state: "released" });
    }
  }
  return Promise.race(Array.from({ length: CLIENTS }, client));
}

/** What is decided when an upload is received. */
function decisionsOf(id: UploadId): UploadChange {
  const taken = { requests: 1, files: 1, bytes: 2000 };
  return {
    audit: [sampleEntry({ uploadId: id, event: "upload-received" })],
    usage: [{ share: "share", subject: "subject", slotMs: 0, ...taken, expiresAtMs: LATER_MS }],
    idempotency: { kind: "claim", scope: id, fingerprint: "f", expiresAtMs: LATER_MS },
    useGrant: { id, expiresAtMs: LATER_MS },
  };
}

/** Collects acknowledgements and kills the writer after so many. What was sent before the kill still arrives. */
async function killAfter(path: string, count: number): Promise<Acknowledged[]> {
  const writer = fork(import.meta.filename, { env: { ...process.env, RECORDS_TO_WRITE: path } });
  const acknowledged: Acknowledged[] = [];
  writer.on("message", (message) => {
    acknowledged.push(message as Acknowledged);
    if (acknowledged.length === count) writer.kill("SIGKILL");
  });
  const [, signal] = await once(writer, "close");
  assert.equal(signal, "SIGKILL", "the writer must not end by itself");
  return acknowledged;
}

const ORDER = ["receiving", "received", "inspecting", "accepted", "released"];

function registerTests(): void {
  test(`what was acknowledged survives kill -9 at ${ROUNDS} random moments, and nothing is half there`, async (context) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e9);
    context.diagnostic(`SEED=${seed}`);
    const folder = await mkdtemp(join(tmpdir(), "sluicegate-killed-"));
    const path = join(folder, "records.sqlite");
    const random = seededRandom(seed);
    for (let round = 0; round < ROUNDS; round += 1) {
      const acknowledged = await killAfter(path, 1 + Math.floor(random() * 400));
      const records = await openSqliteRecords({ path });
      const found = await Promise.all(acknowledged.map(({ id }) => records.get(id)));
      for (const [index, { id, state }] of acknowledged.entries()) {
        const foundState = found[index]?.state;
        const isThere = ORDER.indexOf(foundState ?? "") >= ORDER.indexOf(state);
        assert.ok(isThere, `${id}: ${state} was acknowledged, ${foundState} is found`);
      }
      const all = await records.list({ limit: ALL });
      await Promise.all(all.map((record) => assertBytes(record, (key) => records.readInline(key))));
      await assertDecisions(records, all);
      await records.close();
    }
    await rm(folder, { recursive: true });
  });
}

/** Moves, file and bytes came in one change: all of them are there or none. */
async function assertBytes(
  record: UploadRecord,
  readInline: (key: string) => Promise<Uint8Array | null>,
): Promise<void> {
  assert.equal(record.moves.length, ORDER.indexOf(record.state));
  assert.equal(record.files.length, record.state === "receiving" ? 0 : 1);
  for (const file of record.files) {
    const bytes = (await readInline(file.key)) ?? new Uint8Array(0);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), file.sha256);
  }
}

/** What the audit has of an upload in each state. */
const EVENTS = new Map<string, readonly string[]>([
  ["receiving", []],
  ["received", ["upload-received"]],
  ["released", ["upload-received", "upload-accepted"]],
]);

/** The audit, the shares, the keys and the grants know exactly what the uploads' records know. */
async function assertDecisions(records: SqliteRecords, all: readonly UploadRecord[]): Promise<void> {
  const events = new Map<string, string[]>();
  for (const { uploadId, event } of await assertWhole(records)) {
    events.set(uploadId ?? "", [...(events.get(uploadId ?? "") ?? []), event]);
  }
  const keys = await Promise.all(all.map(({ id }) => records.findIdempotencyKey(id, 0)));
  const grants = await Promise.all(all.map(({ id }) => records.isGrantUsed(id)));
  for (const [index, { id, state }] of all.entries()) {
    const key = keys[index] ?? null;
    const found = [events.get(id) ?? [], key !== null, key?.answer?.status ?? null, grants[index]];
    const isReceived = state !== "receiving";
    assert.deepEqual(
      found,
      [EVENTS.get(state), isReceived, state === "released" ? 201 : null, isReceived],
      id,
    );
  }
  const [used] = await records.usage(0);
  assert.equal(used?.requests ?? 0, all.filter(({ state }) => state !== "receiving").length);
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
