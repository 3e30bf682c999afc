import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import { sampleUpload } from "../records.contract.ts";
import { LAYOUT_VERSION, layoutVersionOf } from "./migrations/migrations.ts";
import { openDatabase } from "./open-database.ts";
import { openSqliteRecords } from "./open-sqlite-records.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-database-"));
  path = join(folder, "records.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a new database has the present layout, the log and full sync", () => {
  const database = openDatabase(path, 100);
  assert.equal(layoutVersionOf(database), LAYOUT_VERSION);
  assert.equal(database.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal");
  assert.equal(database.prepare("PRAGMA synchronous").get()?.synchronous, 2);
  database.close();
});

test("nobody but the gate's user can read the database and its log", async () => {
  const database = openDatabase(path, 100);
  database.exec("INSERT INTO probe VALUES (1, 1)");
  for (const file of [path, `${path}-wal`, `${path}-shm`])
    assert.equal((await stat(file)).mode & 0o777, 0o600, file);
  database.close();
});

test("a database of a newer version is refused with both numbers, and left as it is", async () => {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${LAYOUT_VERSION + 1}`);
  database.close();
  await assert.rejects(
    openSqliteRecords({ path }),
    (error) =>
      error instanceof GateError &&
      error.code === "RECORDS_NEWER" &&
      error.seen === `layout ${LAYOUT_VERSION + 1}` &&
      error.expected === `a database of layout ${LAYOUT_VERSION} or older`,
  );
  const untouched = new DatabaseSync(path, { readOnly: true });
  assert.equal(untouched.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.tables, 0);
  untouched.close();
});

test("two that open a new database at once get the same layout", async () => {
  const [first, second] = await Promise.all([openSqliteRecords({ path }), openSqliteRecords({ path })]);
  const [one, two] = [sampleUpload(), sampleUpload()];
  await Promise.all([first.begin(one), second.begin(two)]);
  assert.equal((await second.get(one.id))?.id, one.id);
  assert.equal((await first.get(two.id))?.id, two.id);
  await first.close();
  await second.close();
});

test("each list of the reader goes by an index, and never through all uploads", () => {
  const database = openDatabase(path, 100);
  const planOf = (sql: string) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
      .join("; ");
  for (const condition of [
    "state = 'held'",
    "flow = 'avatars'",
    "principal = 'public'",
    "id = 'x'",
    "state IN ('held', 'released')",
  ]) {
    assert.match(planOf(`SELECT * FROM uploads WHERE ${condition} ORDER BY seq DESC`), /^SEARCH/, condition);
  }
  for (const condition of ["next_try_at_ms <= 5", "next_try_at_ms IS NOT NULL"]) {
    const due = planOf(
      `SELECT * FROM uploads WHERE +state = 'undeliverable' AND ${condition} ORDER BY next_try_at_ms, seq`,
    );
    assert.match(due, /^(SEARCH|SCAN) uploads USING INDEX uploads_by_next_try/);
    assert.doesNotMatch(due, /TEMP B-TREE/);
  }
  const byScope = "SELECT * FROM idempotency_keys WHERE scope = 'x' AND expires_at_ms > 5";
  assert.match(planOf(byScope), /^SEARCH .*\(scope=\?\)/);
  const nextKeys =
    "SELECT seq FROM idempotency_keys WHERE seq > 3 AND seq <= 9 AND expires_at_ms <= 5 ORDER BY seq";
  assert.match(planOf(nextKeys), /^SEARCH .*rowid/);
  assert.match(planOf("SELECT * FROM files WHERE key = 'x'"), /^SEARCH/);
  assert.match(planOf("SELECT * FROM deliveries WHERE upload = 1"), /^SEARCH/);
  database.close();
});
