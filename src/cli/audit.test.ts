/**
 * `sluicegate audit`, by running the real program beside records that are open, as those of a running gate.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { promisify } from "node:util";
import type { AuditEntry, AuditRecord } from "../records/records.ts";
import { sampleEntry } from "../records/records-audit.contract.ts";
import { openSqliteRecords } from "../records/sqlite/open-sqlite-records.ts";
import type { SqliteRecords } from "../records/sqlite/sqlite-records.ts";
import { newUploadId } from "../uploads/upload-id.ts";

const PROGRAM = join(import.meta.dirname, "main.ts");

let folder: string;
let path: string;
let records: SqliteRecords | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-audit-"));
  path = join(folder, "records.sqlite");
  writeFileSync(
    join(folder, "sluicegate.yaml"),
    "upstreams: { accounts: { url: http://127.0.0.1:8000 } }\nrecords: { path: records.sqlite }\n",
  );
});
afterEach(async () => {
  await records?.close();
  records = null;
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function audit(...args: string[]): Promise<Ran> {
  const command = [PROGRAM, "audit", ...args, "--settings", join(folder, "sluicegate.yaml")];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    });
  });
}

async function note(...entries: AuditEntry[]): Promise<SqliteRecords> {
  records ??= await openSqliteRecords({ path });
  await records.note({ audit: entries });
  return records;
}

/** As somebody would do it who has the file in hand. */
function tamper(sql: string): void {
  const database = new DatabaseSync(path);
  for (const trigger of ["changed", "deleted"])
    database.exec(`DROP TRIGGER IF EXISTS audit_is_not_${trigger}`);
  database.exec(sql);
  database.close();
}

test("verify says how many entries are whole, and the head to note, while the gate goes on", async () => {
  const open = await note(...Array.from({ length: 1234 }, (_, atMs) => sampleEntry({ atMs })));
  const [last] = await open.auditTrail({ afterSeq: 1233, limit: 1 });
  assert.deepEqual(await audit("verify"), {
    code: 0,
    out: `1,234 entries, whole; head 1234:${last?.hash}\n`,
    err: "",
  });
  await note(sampleEntry());
  const expected = await audit("verify", "--expect", `1234:${last?.hash}`);
  assert.match(expected.out, /^1,235 entries, whole, entry 1234 as noted; head 1235:[0-9a-f]{64}\n$/);
  assert.equal(expected.code, 0);
});

test("verify says where a chain is broken and what is wrong, and exits with 1", async () => {
  await note(...Array.from({ length: 9 }, (_, atMs) => sampleEntry({ atMs })));
  const { out: whole } = await audit("verify");
  const noted = /head (\S+)/.exec(whole)?.[1] ?? "";
  tamper("DELETE FROM audit WHERE seq = 9");
  assert.equal((await audit("verify")).code, 0);
  const cut = await audit("verify", "--expect", noted);
  assert.match(
    cut.out,
    /^BROKEN at entry 9\. The end was cut off: entry 9 was noted, and the last entry is 8\.\n/,
  );
  assert.equal(cut.code, 1);
  tamper("UPDATE audit SET principal = 'nobody' WHERE seq = 5");
  const changed = await audit("verify");
  assert.match(
    changed.out,
    /^BROKEN at entry 5\. Entry 5 was changed: .*\nWhole before it: 4 entries; head 4:[0-9a-f]{64}\n$/,
  );
  assert.equal(changed.code, 1);
  tamper("DELETE FROM audit WHERE seq IN (2, 3)");
  const missing = await audit("verify", "--json");
  assert.equal(missing.code, 1);
  const verdict = JSON.parse(missing.out) as { whole: boolean; broken: unknown; head: { seq: number } };
  assert.equal(verdict.whole, false);
  assert.equal(verdict.head.seq, 1);
  assert.deepEqual(verdict.broken, {
    kind: "missing",
    seq: 2,
    message: "Entries 2 to 3 are missing; entry 4 is there.",
  });
});

test("the check in docs/audit.md, which shares no code with the gate, comes to the same verdict", async () => {
  await note(
    ...Array.from({ length: 9 }, (_, atMs) =>
      sampleEntry({ atMs, flow: null, rule: '"\n\u001f\u007f\\/😀' }),
    ),
  );
  const document = readFileSync(join(import.meta.dirname, "../../docs/audit.md"), "utf8");
  const check = /```python\n([^`]+)```/.exec(document)?.[1] ?? "";
  const runCheck = () => promisify(execFile)("python3", ["-c", check, path]);
  const { out } = await audit("verify");
  assert.equal((await runCheck()).stdout.trimEnd(), /head (\S+)/.exec(out)?.[1]);
  tamper("UPDATE audit SET principal = 'nobody' WHERE seq = 5");
  await assert.rejects(runCheck(), /broken at entry 5/);
});

test("verify exits with 2 where it cannot tell, and says why", async () => {
  const without = await audit("verify");
  assert.equal(without.code, 2);
  assert.match(without.err, /records\.sqlite/);
  await note(sampleEntry());
  const { code, err, out } = await audit("verify", "--expect", "1:abc\u001b[31m");
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^--expect takes NUMBER:HASH .*"1:abc\\u001b\[31m"\n$/);
  await records?.close();
  records = null;
  writeFileSync(path, "Dear database, ".repeat(1000));
  const damaged = await audit("verify");
  assert.deepEqual([damaged.code, damaged.out], [2, ""]);
  assert.match(
    damaged.err,
    /^sluicegate: The records cannot be read\.\n.*records\.sqlite\n.*file is not a database/,
  );
});

test("verify and list say that there is nothing yet", async () => {
  await note();
  const [verified, listed] = await Promise.all([audit("verify"), audit("list")]);
  assert.match(verified.out, /^0 entries, whole; head 0:0{64}\n$/);
  assert.equal(listed.out, "No audit entries yet.\n");
});

test("list prints the newest first, a line each, by flow, upload and principal", async () => {
  const uploadId = newUploadId();
  await note(
    sampleEntry({ detail: {} }),
    sampleEntry({ flow: "imports", uploadId, event: "upload-refused", rule: "FILE_EMPTY" }),
    sampleEntry({
      principal: "key:ci",
      flow: null,
      rule: null,
      event: "key-added",
      detail: { name: "Büro 2" },
    }),
  );
  const [{ out }, none] = await Promise.all([audit("list"), audit("list", "--flow", "none")]);
  assert.equal(none.out, "No audit entry fits.\n");
  const lines = out.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^entry +time \(UTC\) +event +rule +flow +principal +upload +details$/);
  assert.match(lines[1] ?? "", /^3 +2026-11-22 \S+ +key-added +- +- +key:ci +- +name="Büro 2"$/);
  assert.match(
    lines[2] ?? "",
    new RegExp(`^2 .* upload-refused +FILE_EMPTY +imports +user:Zoë +${uploadId} +\\S+=`),
  );
  assert.equal(lines.length, 4);
  const seqs = async (...args: string[]) =>
    (JSON.parse((await audit("list", "--json", ...args)).out) as AuditRecord[]).map(({ seq }) => seq);
  assert.deepEqual(await seqs("--principal", "user:Zoë", "--limit", "2"), [2, 1]);
  assert.deepEqual(await seqs("--flow", "imports", "--upload", uploadId), [2]);
});

test("list refuses arguments that it cannot mean", async () => {
  const [limit, upload] = await Promise.all([
    audit("list", "--limit", "0"),
    audit("list", "--upload", "../../x"),
  ]);
  assert.deepEqual([limit.code, upload.code], [2, 2]);
  assert.match(limit.err, /^--limit takes a whole number/);
  assert.match(upload.err, /^--upload takes an upload id/);
});

test("list prints nothing that a terminal would obey, turn round or take for another line or column", async () => {
  const nasty = [
    "a\u001b[2Jb\u0007",
    "a\r\nb",
    "x  upload-accepted  -",
    "\u202egnp.exe\u202c",
    "\u2066a\u2069\u061c\u200b\u00ad",
    "c1\u009b31m",
    "\u2028\u2029\u0000",
    "tag\u{e0041}",
    'q"\\',
  ];
  await note(
    ...nasty.map((text) =>
      sampleEntry({ principal: text, rule: text, event: text, detail: { [text]: text } }),
    ),
  );
  const [{ out: table }, { out: json }] = await Promise.all([audit("list"), audit("list", "--json")]);
  for (const out of [table, json]) {
    assert.doesNotMatch(out.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
  assert.equal(table.trimEnd().split("\n").length, nasty.length + 1);
  assert.match(table, /"\\u202egnp\.exe\\u202c"/);
  assert.match(table, /"x {2}upload-accepted {2}-"/);
  assert.match(table, /"tag\\udb40\\udc41"/);
  const principals = (JSON.parse(json) as AuditRecord[]).map(({ principal }) => principal);
  assert.deepEqual(principals, nasty.toReversed());
});
