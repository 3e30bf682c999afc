import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { GateError } from "../../../problems/gate-error.ts";
import { isFinalState } from "../../../uploads/upload-state.ts";
import { movesThrough, sampleUpload } from "../../records.contract.ts";
import type { UploadRecord } from "../../records.ts";
import { assertWhole, sampleEntry } from "../../records-audit.contract.ts";
import { openDatabase } from "../open-database.ts";
import { openSqliteRecords } from "../open-sqlite-records.ts";
import { readSqliteRecords } from "../read-sqlite-records.ts";
import { UPLOADS_LAYOUT } from "./0001-uploads.ts";
import { DECISIONS_LAYOUT } from "./0002-decisions.ts";
import { LAYOUT_VERSION, layoutVersionOf } from "./migrations.ts";

const FIXTURES = resolve(import.meta.dirname, "../../../../fixtures/records");
const RECORDED = JSON.parse(readFileSync(join(FIXTURES, "layout-1.json"), "utf8")) as UploadRecord[];

/** What the first layout's uploads are now: none of them waits for another try. */
const EXPECTED = RECORDED.map((record) => ({ ...record, nextTryAtMs: null }));

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-migrations-"));
  path = join(folder, "records.sqlite");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec(readFileSync(join(FIXTURES, "layout-1.sql"), "utf8"));
  database.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a database of the first layout keeps every upload as it was", async () => {
  const records = await openSqliteRecords({ path });
  assert.deepEqual([...(await records.list({ limit: 99 }))].reverse(), EXPECTED);
  const unfinished = EXPECTED.filter(({ state }) => !isFinalState(state)).map(({ id }) => id);
  assert.deepEqual(
    (await records.unfinished()).map(({ id }) => id),
    unfinished,
  );
  const [inline] = await records.inlineKeys();
  assert.deepEqual(
    Buffer.from((await records.readInline(inline?.key ?? "")) ?? []),
    Buffer.from([1, 2, 3, 4, 5]),
  );
  await records.close();
});

test("a database of the first layout takes all that the present one can record", async () => {
  const records = await openSqliteRecords({ path });
  const undeliverable = EXPECTED.find(({ state }) => state === "undeliverable");
  assert.ok(undeliverable !== undefined);
  await records.move(undeliverable.id, [], { nextTryAtMs: 5, audit: [sampleEntry()] });
  assert.deepEqual(
    (await records.dueDeliveries(5, 9)).map(({ id }) => id),
    [undeliverable.id],
  );
  await records.begin(sampleUpload(), movesThrough("receiving", "released"), {
    audit: [sampleEntry()],
    idempotency: { kind: "claim", scope: "s", fingerprint: "f", expiresAtMs: Number.MAX_SAFE_INTEGER },
    useGrant: { id: "g", expiresAtMs: 1 },
    usage: [{ share: "s", subject: "p", slotMs: 0, requests: 1, files: 1, bytes: 1, expiresAtMs: 1 }],
  });
  assert.equal((await assertWhole(records)).length, 2);
  assert.deepEqual(
    (await records.list({ principal: "user:Zoë", limit: 9 })).map(({ id }) => id),
    [undeliverable.id],
  );
  await records.close();
});

test("a database of the first layout has the same tables afterwards as a new one", () => {
  const schemaOf = (file: string): unknown[] => {
    const database = openDatabase(file, 100);
    assert.equal(layoutVersionOf(database), LAYOUT_VERSION);
    const rows = database
      .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
      .all();
    database.close();
    return rows;
  };
  assert.deepEqual(schemaOf(path), schemaOf(join(folder, "new.sqlite")));
});

test("the keys of the second layout are kept, and cost no index by expiry any more", async () => {
  const second = join(folder, "second.sqlite");
  const before = new DatabaseSync(second);
  before.exec(UPLOADS_LAYOUT + DECISIONS_LAYOUT);
  before.exec(
    "INSERT INTO idempotency_keys VALUES (1, 'old', 'f', 'u', 5, NULL), (2, 'fresh', 'f', 'u', 9, NULL)",
  );
  before.exec("PRAGMA user_version = 2");
  before.close();
  const records = await openSqliteRecords({ path: second });
  await records.forget(5, 0, 10);
  assert.deepEqual(await records.idempotencyScopes("", 10), ["fresh"]);
  await records.close();
  const after = new DatabaseSync(second, { readOnly: true });
  const indexes = after.prepare(
    "SELECT name FROM sqlite_schema WHERE tbl_name = 'idempotency_keys' AND type = 'index'",
  );
  assert.deepEqual(
    indexes.all().map(({ name }) => name),
    ["sqlite_autoindex_idempotency_keys_1"],
  );
  after.close();
});

test("a migration that fails leaves the database as it was", () => {
  const broken = new DatabaseSync(path);
  broken.exec("CREATE TABLE handovers (other TEXT)");
  broken.close();
  assert.throws(() => openDatabase(path, 100), /already exists/);
  const untouched = new DatabaseSync(path, { readOnly: true });
  assert.equal(layoutVersionOf(untouched), 1);
  assert.equal(untouched.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'audit'").get(), undefined);
  untouched.close();
});

test("a reader beside it reads the uploads of the first layout, and says what it does not have", async () => {
  const view = readSqliteRecords(path);
  assert.deepEqual([...(await view.list({ limit: 99 }))].reverse(), EXPECTED);
  const isOlder = (error: unknown) =>
    error instanceof GateError && error.code === "RECORDS_UNAVAILABLE" && error.seen === "layout 1";
  await assert.rejects(view.auditTrail({ afterSeq: 0, limit: 1 }), isOlder);
  await assert.rejects(view.newestAudit({ limit: 1 }), isOlder);
  await view.close();
});
