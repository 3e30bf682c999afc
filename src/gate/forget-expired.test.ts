import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { movesThrough, sampleUpload } from "../records/records.contract.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import type { SqliteRecords } from "../records/sqlite/sqlite-records.ts";
import { openLog } from "../signals/log.ts";
import { ForgetExpired, type ForgetExpiredParts } from "./forget-expired.ts";

const NOW_MS = 1_795_348_800_000;
const KEEP_MS = 3_600_000;

let folder: string;
let records: SqliteRecords;
let lines: PassThrough;
let job: ForgetExpired | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-forget-"));
  records = await openSqliteRecords({ path: join(folder, "records.sqlite") });
  lines = new PassThrough({ encoding: "utf8" });
});
afterEach(async () => {
  await job?.close();
  job = null;
  await records.close();
  await rm(folder, { recursive: true });
});

/** Waits for nothing: its rounds follow each other at once. */
function start(parts: Partial<ForgetExpiredParts> = {}): void {
  const log = openLog("stdout", lines);
  job = new ForgetExpired({ records, keepMs: KEEP_MS, log, now: () => NOW_MS, everyMs: 0, ...parts });
}

async function nextLine(): Promise<Record<string, unknown>> {
  const [line] = (await once(lines, "data")) as [string];
  return JSON.parse(line) as Record<string, unknown>;
}

/** Uploads that ended so long ago. */
async function endedAgo(ms: number, many = 1): Promise<void> {
  const atMs = NOW_MS - ms;
  const moves = movesThrough("receiving", "aborted").map((move) => ({ ...move, atMs }));
  await Promise.all(
    Array.from({ length: many }, () => records.begin(sampleUpload({ startedAtMs: atMs }), moves)),
  );
}

test("forgets what ended longer ago than it is kept, in batches, and says once how much", async () => {
  await endedAgo(KEEP_MS + 1, 1203);
  await endedAgo(KEEP_MS, 2);
  const told = nextLine();
  start();
  const { msg, uploads, endedBefore } = await told;
  const before = new Date(NOW_MS - KEEP_MS).toISOString();
  assert.deepEqual([msg, uploads, endedBefore], ["records of old uploads forgotten", 1203, before]);
  assert.equal((await records.list({ limit: 5000 })).length, 2);
  await job?.close();
  const trail = await records.auditTrail({ afterSeq: 0, limit: 10 });
  assert.deepEqual(
    trail.map(({ event, atMs, rule, detail }) => ({ event, atMs, rule, detail })),
    [
      {
        event: "records-forgotten",
        atMs: NOW_MS,
        rule: "records.keep",
        detail: { uploads: 1203, endedBefore: before },
      },
    ],
  );
});

test("goes by the clock, says nothing where nothing was to be forgotten, and goes on round after round", async () => {
  await endedAgo(0);
  let nowMs = NOW_MS;
  let rounds = 0;
  const told = nextLine();
  const now = (): number => {
    rounds += 1;
    if (rounds === 5) nowMs += KEEP_MS + 1;
    return nowMs;
  };
  start({ now });
  assert.equal((await told).uploads, 1);
  assert.equal(rounds, 5);
  await job?.close();
  assert.equal((await records.auditTrail({ afterSeq: 0, limit: 10 })).length, 1);
});

test("tells a failure in the log, and tries again", async () => {
  await endedAgo(KEEP_MS + 1);
  let fails = 1;
  const failing = {
    note: records.note.bind(records),
    forget: async (...asked: Parameters<SqliteRecords["forget"]>) => {
      fails -= 1;
      if (fails >= 0) throw new GateError("RECORDS_UNAVAILABLE");
      return records.forget(...asked);
    },
  };
  const failed = nextLine();
  start({ records: failing });
  assert.equal((await failed).msg, "expired records not forgotten; tried again later");
  assert.equal((await nextLine()).uploads, 1);
});

test("ends between two batches when it is closed, and tells of what was forgotten so far", async () => {
  await endedAgo(KEEP_MS + 1, 1100);
  let batches = 0;
  const told = nextLine();
  const closing = {
    note: records.note.bind(records),
    forget: async (...asked: Parameters<SqliteRecords["forget"]>) => {
      batches += 1;
      const forgotten = await records.forget(...asked);
      void job?.close();
      return forgotten;
    },
  };
  start({ records: closing });
  assert.equal((await told).uploads, 500);
  await job?.close();
  await job?.close();
  assert.equal(batches, 1);
  assert.equal((await records.auditTrail({ afterSeq: 0, limit: 10 })).length, 1);
});
