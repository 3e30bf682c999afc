import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { movesThrough, sampleFile, sampleUpload } from "../records.contract.ts";
import { assertWhole, sampleEntry } from "../records-audit.contract.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";
import type { SqliteRecords } from "./sqlite-records.ts";

let folder: string;
let records: SqliteRecords;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-groups-"));
  records = await openSqliteRecords({ path: join(folder, "records.sqlite") });
});
afterEach(async () => {
  await records.close();
  await rm(folder, { recursive: true });
});

test("commits all changes of one turn together", async () => {
  await Promise.all(Array.from({ length: 500 }, () => records.begin(sampleUpload())));
  assert.equal(records.commits, 1);
  assert.equal((await records.list({ limit: 1000 })).length, 500);
});

test("commits the changes that gather behind a running commit together", async () => {
  const clients = 64;
  async function client(): Promise<void> {
    const upload = sampleUpload();
    const file = sampleFile();
    await records.begin(upload);
    await records.move(upload.id, movesThrough("receiving", "received"), {
      files: [file],
      putInline: [{ key: file.key, bytes: new Uint8Array(2000) }],
    });
    await records.move(upload.id, movesThrough("received", "inspecting"));
    await records.move(upload.id, movesThrough("inspecting", "rejected"), { dropInline: [file.key] });
  }
  await Promise.all(Array.from({ length: clients }, client));
  assert.ok(records.commits <= clients, `${clients * 4} changes took ${records.commits} commits`);
});

test("commits nothing for questions alone", async () => {
  await Promise.all([records.list({ limit: 1 }), records.unfinished(), records.inlineKeys()]);
  assert.equal(records.commits, 0);
});

test("commits a group once that has a faulty change in it", async () => {
  const stranger = { key: sampleFile().key, bytes: new Uint8Array(1) };
  const results = await Promise.allSettled([
    records.begin(sampleUpload()),
    records.begin(sampleUpload(), [], { files: [sampleFile()], putInline: [stranger] }),
    records.begin(sampleUpload(), movesThrough("held", "accepted")),
    records.begin(sampleUpload()),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "rejected", "fulfilled"],
  );
  assert.equal(records.commits, 1);
  assert.equal((await records.list({ limit: 9 })).length, 2);
});

test("keeps the bytes of many uploads of one turn apart", async () => {
  const uploads = Array.from({ length: 100 }, (_, index) => ({
    upload: sampleUpload(),
    file: sampleFile(),
    bytes: new Uint8Array(index * 7).fill(index),
  }));
  await Promise.all(
    uploads.map(({ upload, file, bytes }) =>
      records.begin(upload, [], { files: [file], putInline: [{ key: file.key, bytes }] }),
    ),
  );
  for (const { file, bytes } of uploads) {
    assert.deepEqual(Buffer.from((await records.readInline(file.key)) ?? []), Buffer.from(bytes));
  }
});

test("a change of another process counts in the very next transaction: the end of a key, and the end of the audit", async () => {
  const other = await openSqliteRecords({ path: join(folder, "records.sqlite") });
  const key = { id: "aaaaaaaaaaaa", secretSha256: "ab".repeat(32) };
  const more = { name: "n", principal: "p", scopes: [], flows: null, createdAtMs: 1 };
  await other.addApiKey({ ...key, ...more, expiresAtMs: null, revokedAtMs: null }, sampleEntry());
  for (const take of [1, 2])
    await records.begin(sampleUpload({ startedAtMs: take }), [], {
      requireApiKey: key,
      audit: [sampleEntry()],
    });
  await other.revokeApiKey(key.id, 2, sampleEntry());
  await assert.rejects(records.begin(sampleUpload(), [], { requireApiKey: key }), {
    code: "RECORDS_API_KEY_ENDED",
  });
  await records.note({ audit: [sampleEntry()] });
  assert.equal((await assertWhole(records)).length, 5);
  await other.close();
});

test("a change whose use of a share cannot be written fails, is not there, and leaves the others of its group whole", async () => {
  const use = {
    share: "s",
    subject: "p",
    requests: 1,
    files: 1,
    bytes: 1,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  };
  const uploads = [1, 0.5, 2].map((slotMs) => ({ upload: sampleUpload(), usage: [{ ...use, slotMs }] }));
  const results = await Promise.allSettled(
    uploads.map(({ upload, usage }) => records.begin(upload, [], { usage })),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  const found = await Promise.all(uploads.map(({ upload }) => records.get(upload.id)));
  assert.deepEqual(
    found.map((record) => record !== null),
    [true, false, true],
  );
  assert.deepEqual(
    (await records.usage(0)).map(({ slotMs }) => slotMs),
    [1, 2],
  );
});
