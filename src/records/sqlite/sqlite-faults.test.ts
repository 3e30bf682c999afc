import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { Worker } from "node:worker_threads";
import { GateError } from "../../problems/gate-error.ts";
import { sampleFile, sampleUpload } from "../records.contract.ts";
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

test("a full disk fails the group, loses nothing acknowledged, and heals when there is room again", async () => {
  const disk = join(folder, "disk");
  execFileSync("mkdir", [disk]);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
  try {
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
  } finally {
    execFileSync("umount", [disk]);
  }
});

test("a file that is no database does not open", async () => {
  const path = join(folder, "records.sqlite");
  writeFileSync(path, "this is a letter, not a database\n".repeat(200));
  await assert.rejects(openSqliteRecords({ path }), unavailable(/not a database/));
});

test("a damaged database fails what touches the damage, with the cause", async () => {
  const path = join(folder, "records.sqlite");
  const records = await openSqliteRecords({ path });
  for (let count = 0; count < 50; count += 1) await records.begin(sampleUpload());
  await records.close();
  damage(path);
  const damaged = await openSqliteRecords({ path });
  await assert.rejects(damaged.list({ limit: 100 }), unavailable(/malformed/));
  await assert.rejects(damaged.begin(sampleUpload()), unavailable(/malformed/));
  await damaged.close();
});

/** Overwrites the root pages of the table `uploads` and of its indexes. */
function damage(path: string): void {
  const database = new DatabaseSync(path);
  const roots = database.prepare("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'uploads'").all();
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
  const records = new SqliteRecords(new RecordsChannel(worker));
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
