import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { verifyChain } from "../audit-chain.ts";
import { sampleEntry } from "../records-audit.contract.ts";
import { AuditTable } from "./audit-table.ts";
import { openDatabase } from "./open-database.ts";

let folder: string;
let database: DatabaseSync;
let table: AuditTable;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-audit-"));
  database = openDatabase(join(folder, "records.sqlite"), 100);
  table = new AuditTable(database);
  table.append([1, 2, 3, 4].map((atMs) => sampleEntry({ atMs })));
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** As somebody would do it who has the file in hand. */
function tamper(sql: string): void {
  for (const trigger of ["changed", "deleted", "replaced"])
    database.exec(`DROP TRIGGER IF EXISTS audit_is_not_${trigger}`);
  database.exec(sql);
}

async function breakNow(): Promise<string> {
  const { broken } = await verifyChain(table.trail(0, 100));
  return broken === null ? "whole" : `${broken.kind} ${broken.seq}`;
}

test("rows of the audit cannot be changed, deleted or replaced", async () => {
  for (const sql of [
    "UPDATE audit SET principal = 'x' WHERE seq = 2",
    "UPDATE audit SET seq = 9 WHERE seq = 4",
    "DELETE FROM audit WHERE seq = 4",
    "DELETE FROM audit",
    "INSERT OR REPLACE INTO audit SELECT 2, at_ms, 'other', flow, policy_version, upload_id, principal, request_id, rule, detail, previous_hash, hash FROM audit WHERE seq = 4",
    "INSERT OR IGNORE INTO audit SELECT * FROM audit WHERE seq = 4",
  ]) {
    assert.throws(() => database.exec(sql), /audit entries are never/, sql);
  }
  assert.equal(await breakNow(), "whole");
  assert.equal(table.trail(0, 100).length, 4);
});

test("what was changed in the file is found", async () => {
  tamper("UPDATE audit SET principal = 'x' WHERE seq = 3");
  assert.equal(await breakNow(), "changed 3");
  tamper("UPDATE audit SET principal = 'user:Zoë' WHERE seq = 3");
  assert.equal(await breakNow(), "whole");
  tamper("DELETE FROM audit WHERE seq = 2");
  assert.equal(await breakNow(), "missing 2");
});

test("entries that were given each other's numbers are found", async () => {
  tamper(
    "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 9",
  );
  assert.equal(await breakNow(), "moved 2");
});

test("a detail or a hash that cannot be read shows as changed, and does not hide the others", async () => {
  const good = String(database.prepare("SELECT detail FROM audit WHERE seq = 2").get()?.detail);
  tamper("SELECT 1");
  for (const detail of ["{", "[]", "null", '"text"', `${good} `, good.replace("{", '{"files":2,'), ""]) {
    database.prepare("UPDATE audit SET detail = ? WHERE seq = 2").run(detail);
    assert.equal(await breakNow(), "changed 2", detail);
    assert.equal(table.newest({ limit: 9 }).length, 4);
  }
  database.prepare("UPDATE audit SET detail = ? WHERE seq = 2").run(good);
  database.exec("UPDATE audit SET hash = x'' WHERE seq = 2");
  assert.equal(await breakNow(), "changed 2");
});

test("lists the newest entries first, by flow, upload and principal, and no more than asked for", () => {
  table.append([
    sampleEntry({ atMs: 5, flow: "imports" }),
    sampleEntry({ atMs: 6, uploadId: "u" }),
    sampleEntry({ atMs: 7, principal: "x' OR 1 --" }),
    sampleEntry({ atMs: 8, flow: "imports", principal: null }),
  ]);
  const seqs = (filter: Partial<Parameters<AuditTable["newest"]>[0]>) =>
    table.newest({ limit: 100, ...filter }).map(({ seq }) => seq);
  assert.deepEqual(seqs({ limit: 3 }), [8, 7, 6]);
  assert.deepEqual(seqs({ limit: 0 }), []);
  assert.deepEqual(seqs({ flow: "imports" }), [8, 5]);
  assert.deepEqual(seqs({ uploadId: "u" }), [6]);
  assert.deepEqual(seqs({ principal: "x' OR 1 --" }), [7]);
  assert.deepEqual(seqs({ flow: "imports", principal: "user:Zoë" }), [5]);
});

test("entries are appended and read by their number, never by a search through all", () => {
  for (const sql of [
    "SELECT * FROM audit WHERE seq > 5 ORDER BY seq LIMIT 1",
    "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
  ]) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    assert.doesNotMatch(JSON.stringify(plan), /TEMP B-TREE/, sql);
  }
});
