import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { GateError } from "../../problems/gate-error.ts";
import { sampleFile, sampleUpload } from "../records.contract.ts";
import type { ApiKeyRecord, Records, UploadChange } from "../records.ts";
import { assertWhole, sampleEntry } from "../records-audit.contract.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";
import { RecordsChannel } from "./records-channel.ts";
import { SqliteRecords } from "./sqlite-records.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-faults-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** RECORDS_UNAVAILABLE whose cause says why in these words. */
function unavailable(why: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof GateError &&
    error.code === "RECORDS_UNAVAILABLE" &&
    error.cause instanceof Error &&
    why.test(error.cause.message);
}

test("a database that another process has locked takes nothing, and takes changes again afterwards", async () => {
  const path = join(folder, "records.sqlite");
  const records = await openSqliteRecords({ path, busyTimeoutMs: 5 });
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const upload = sampleUpload();
  await assert.rejects(records.begin(upload), unavailable(/locked/));
  await assert.rejects(records.probe(), unavailable(/locked/));
  assert.equal(await records.get(upload.id), null);
  other.exec("ROLLBACK");
  other.close();
  await records.begin(upload);
  assert.equal((await records.get(upload.id))?.state, "receiving");
  await records.close();
});

const API_KEY: ApiKeyRecord = {
  id: "0a1b2c3d4e5f",
  name: "office",
  principal: "office",
  secretSha256: "ab".repeat(32),
  scopes: [],
  flows: null,
  createdAtMs: 1,
  expiresAtMs: null,
  revokedAtMs: null,
};

/** Later than any clock of this test. */
const LATER_MS = 4_000_000_000_000;

/** What is decided along with an upload; the key's scope is its name. */
function decisions(scope: string): UploadChange {
  return {
    audit: [sampleEntry({ rule: scope })],
    usage: [{ share: "s", subject: "p", slotMs: 0, requests: 1, files: 1, bytes: 1, expiresAtMs: LATER_MS }],
    idempotency: { kind: "claim", scope, fingerprint: "f", expiresAtMs: LATER_MS },
    useGrant: { id: scope, expiresAtMs: LATER_MS },
    handover: { method: "POST", target: "/", headers: [], idempotencyScope: scope, parts: [] },
    nextTryAtMs: 1,
  };
}

/** Each kind of change that decisions make. */
const CHANGES: readonly ((records: Records) => Promise<unknown>)[] = [
  (records) => records.begin(sampleUpload(), [], decisions("one")),
  (records) => records.note({ audit: [sampleEntry()] }),
  (records) => records.note({ usage: decisions("").usage ?? [] }),
  (records) => records.addApiKey(API_KEY, sampleEntry()),
  (records) => records.revokeApiKey(API_KEY.id, 1, sampleEntry()),
  (records) => records.forget(1, 1, 10),
];

test("no decision is recorded while another process has the database locked, and each is afterwards", async () => {
  const path = join(folder, "records.sqlite");
  const records = await openSqliteRecords({ path, busyTimeoutMs: 5 });
  await records.note({ audit: [sampleEntry()] });
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  for (const change of CHANGES) await assert.rejects(change(records), unavailable(/locked/));
  assert.equal((await assertWhole(records)).length, 1);
  assert.deepEqual(await records.usage(0), []);
  assert.equal(await records.findIdempotencyKey("one", 0), null);
  assert.equal(await records.isGrantUsed("one"), false);
  assert.deepEqual(await records.apiKeys(), []);
  other.exec("ROLLBACK");
  other.close();
  for (const change of CHANGES) await change(records);
  assert.equal((await assertWhole(records)).length, 5);
  await records.close();
});

test("decisions wait for another process that has the database locked for a moment", async () => {
  const path = join(folder, "records.sqlite");
  const records = await openSqliteRecords({ path, busyTimeoutMs: 30_000 });
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const changes = Promise.all(CHANGES.map((change) => change(records)));
  await wait(50);
  other.exec("ROLLBACK");
  other.close();
  await changes;
  assert.equal((await assertWhole(records)).length, 4);
  await records.close();
});

test("a full disk leaves decisions and uploads in step, and the chain goes on when there is room again", async () => {
  await onSmallDisk(async (disk) => {
    writeFileSync(join(disk, "ballast"), new Uint8Array(1024 * 1024));
    const path = join(disk, "records.sqlite");
    const records = await openSqliteRecords({ path });
    const acknowledged: string[] = [];
    await assert.rejects(
      async () => {
        for (let fill = 1; fill < 1000; fill += 1) {
          const file = sampleFile();
          const putInline = [{ key: file.key, bytes: new Uint8Array(20_000) }];
          await records.begin(sampleUpload(), [], { files: [file], putInline, ...decisions(`key-${fill}`) });
          acknowledged.push(`key-${fill}`);
        }
      },
      unavailable(/full|disk I\/O/),
    );
    await unlink(join(disk, "ballast"));
    await records.begin(sampleUpload(), [], decisions("last"));
    await records.close();

    const again = await openSqliteRecords({ path });
    assert.deepEqual(
      (await assertWhole(again)).map(({ rule }) => rule),
      [...acknowledged, "last"],
    );
    assert.equal((await again.usage(0))[0]?.requests, acknowledged.length + 1);
    assert.equal((await again.list({ limit: 1000 })).length, acknowledged.length + 1);
    const refused = `key-${acknowledged.length + 1}`;
    assert.equal(await again.findIdempotencyKey(refused, 0), null);
    assert.equal(await again.isGrantUsed(refused), false);
    await again.close();
  });
});

test("damage in what decisions are kept in fails what touches it, and uploads without them go on", async () => {
  for (const [table, touch] of [
    ["audit", (records: Records) => records.note({ audit: [sampleEntry()] })],
    ["audit", (records: Records) => records.auditTrail({ afterSeq: 0, limit: 9 })],
    ["usage", (records: Records) => records.note({ usage: decisions("").usage ?? [] })],
    ["idempotency_keys", (records: Records) => records.begin(sampleUpload(), [], decisions("two"))],
    ["used_grants", (records: Records) => records.isGrantUsed("one")],
    ["api_keys", (records: Records) => records.findApiKey(API_KEY.id)],
  ] as const) {
    const path = join(folder, `${table}.sqlite`);
    const records = await openSqliteRecords({ path, checkBytesMax: 0 });
    for (const change of CHANGES) await change(records);
    await records.close();
    damage(path, table);
    const damaged = await openSqliteRecords({ path, checkBytesMax: 0 });
    await assert.rejects(touch(damaged), unavailable(/malformed/), table);
    const upload = sampleUpload();
    await damaged.begin(upload);
    assert.equal((await damaged.get(upload.id))?.state, "receiving");
    await damaged.close();
    await rm(path);
  }
});

/** A file system of 2 MiB, for as long as the work takes. */
async function onSmallDisk(work: (disk: string) => Promise<void>): Promise<void> {
  const disk = join(folder, "disk");
  execFileSync("mkdir", [disk]);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
  try {
    await work(disk);
  } finally {
    execFileSync("umount", [disk]);
  }
}

test("a full disk fails the group, loses nothing acknowledged, and heals when there is room again", async () => {
  await onSmallDisk(async (disk) => {
    writeFileSync(join(disk, "ballast"), new Uint8Array(1024 * 1024));
    const records = await openSqliteRecords({ path: join(disk, "records.sqlite") });
    const acknowledged: { key: string; bytes: Uint8Array }[] = [];
    await assert.rejects(
      async () => {
        for (let fill = 1; fill < 1000; fill += 1) {
          const file = sampleFile();
          const inline = { key: file.key, bytes: new Uint8Array(20_000).fill(fill) };
          await records.begin(sampleUpload(), [], { files: [file], putInline: [inline] });
          acknowledged.push(inline);
        }
      },
      unavailable(/full|disk I\/O/),
    );
    assert.ok(acknowledged.length > 0);
    assert.equal((await records.list({ limit: 1000 })).length, acknowledged.length);
    await unlink(join(disk, "ballast"));
    await records.begin(sampleUpload());
    await records.close();

    const again = await openSqliteRecords({ path: join(disk, "records.sqlite") });
    for (const { key, bytes } of acknowledged) {
      assert.deepEqual(Buffer.from((await again.readInline(key)) ?? []), Buffer.from(bytes));
    }
    await again.close();
  });
});

test("a file that is no database does not open", async () => {
  const path = join(folder, "records.sqlite");
  writeFileSync(path, "this is a letter, not a database\n".repeat(200));
  await assert.rejects(openSqliteRecords({ path }), isDamaged(/not a database.*backup/));
});

test("a damaged database is not opened where it is read through first, and says what to do", async () => {
  const path = join(folder, "records.sqlite");
  const records = await openSqliteRecords({ path });
  for (let count = 0; count < 50; count += 1) await records.begin(sampleUpload());
  await records.close();
  damage(path, "uploads");
  await assert.rejects(openSqliteRecords({ path }), isDamaged(/backup/));
});

const isDamaged =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof GateError &&
    error.code === "RECORDS_DAMAGED" &&
    words.test(`${error.message} ${error.expected}`);

test("a damaged database fails what touches the damage, with the cause", async () => {
  const path = join(folder, "records.sqlite");
  const records = await openSqliteRecords({ path });
  for (let count = 0; count < 50; count += 1) await records.begin(sampleUpload());
  await records.close();
  damage(path, "uploads");
  const damaged = await openSqliteRecords({ path, checkBytesMax: 0 });
  await damaged.probe();
  await assert.rejects(damaged.list({ limit: 100 }), unavailable(/malformed/));
  await assert.rejects(damaged.begin(sampleUpload()), unavailable(/malformed/));
  await assert.rejects(damaged.probe(), unavailable(/malformed/), "damage that was met is not forgotten");
  await damaged.close();
});

/** Overwrites the root pages of a table and of its indexes. */
function damage(path: string, table: string): void {
  const database = new DatabaseSync(path);
  const roots = database
    .prepare("SELECT rootpage FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0")
    .all(table);
  database.close();
  const bytes = readFileSync(path);
  for (const { rootpage } of roots) bytes.fill(0xa5, (Number(rootpage) - 1) * 4096, Number(rootpage) * 4096);
  writeFileSync(path, bytes);
}

test("a folder that cannot be made is said at opening", async () => {
  writeFileSync(join(folder, "file"), "");
  await assert.rejects(
    openSqliteRecords({ path: join(folder, "file", "records.sqlite") }),
    unavailable(/ENOTDIR|EEXIST/),
  );
});

test("a dead records thread rejects everything that waits and everything that comes", async () => {
  const worker = new Worker(new URL("./records-worker.ts", import.meta.url), {
    workerData: { path: join(folder, "records.sqlite"), busyTimeoutMs: 1000 },
  });
  await once(worker, "message");
  const records = new SqliteRecords(new RecordsChannel(worker), join(folder, "records.sqlite"));
  const upload = sampleUpload();
  await records.begin(upload);
  const waiting = Promise.allSettled(Array.from({ length: 300 }, () => records.begin(sampleUpload())));
  const exited = once(worker, "exit");
  await worker.terminate();
  await exited;
  const died = unavailable(/records thread ended/);
  for (const result of await waiting) {
    if (result.status === "rejected") assert.ok(died(result.reason));
  }
  await assert.rejects(records.begin(sampleUpload()), died);
  await assert.rejects(records.get(upload.id), died);
  await assert.rejects(records.probe(), died);
});

test("a message that the records thread cannot read fails alone", async () => {
  const records = await openSqliteRecords({ path: join(folder, "records.sqlite") });
  const circular: Record<string, unknown> = {};
  circular.itself = circular;
  const upload = { ...sampleUpload(), circular };
  await assert.rejects(records.begin(upload), unavailable(/circular/));
  await records.begin(sampleUpload());
  await records.close();
});
