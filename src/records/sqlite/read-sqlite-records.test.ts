import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import type { ErrorCode } from "../../problems/error-code.ts";
import { GateError } from "../../problems/gate-error.ts";
import { movesThrough, sampleFile, sampleUpload } from "../records.contract.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";
import { readSqliteRecords } from "./read-sqlite-records.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-read-"));
  path = join(folder, "records.sqlite");
});
afterEach(() => rm(folder, { recursive: true }));

const withCode = (code: ErrorCode) => (error: unknown) => error instanceof GateError && error.code === code;

test("reads what a running gate has recorded, as soon as it is committed, and does not hold it up", async () => {
  const records = await openSqliteRecords({ path, busyTimeoutMs: 0 });
  const upload = sampleUpload();
  await records.begin(upload, [], { files: [sampleFile()] });
  const view = readSqliteRecords(path);
  assert.deepEqual(await view.get(upload.id), await records.get(upload.id));
  await records.move(upload.id, movesThrough("receiving", "aborted"));
  assert.equal((await view.get(upload.id))?.state, "aborted");
  assert.deepEqual(
    (await view.list({ limit: 5 })).map(({ id }) => id),
    [upload.id],
  );
  await view.close();
  await view.close();
  await records.close();
});

test("reads what a gate has left that does not run any more", async () => {
  const records = await openSqliteRecords({ path });
  const upload = sampleUpload();
  await records.begin(upload);
  await records.close();
  const view = readSqliteRecords(path);
  assert.equal((await view.get(upload.id))?.id, upload.id);
  await view.close();
});

test("says where it looked when there is no database, and makes none", () => {
  assert.throws(
    () => readSqliteRecords(path),
    (error) => withCode("RECORDS_MISSING")(error) && (error as GateError).expected?.includes(path) === true,
  );
  assert.throws(() => readSqliteRecords(path), withCode("RECORDS_MISSING"));
});

test("refuses a database of a newer version, one of no version, and what is none", async () => {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.throws(() => readSqliteRecords(path), withCode("RECORDS_NEWER"));
  const empty = join(folder, "empty.sqlite");
  await writeFile(empty, "");
  assert.throws(() => readSqliteRecords(empty), withCode("RECORDS_UNAVAILABLE"));
  const letter = join(folder, "letter.sqlite");
  await writeFile(letter, "Dear database, ".repeat(100));
  assert.throws(() => readSqliteRecords(letter), withCode("RECORDS_UNAVAILABLE"));
});
