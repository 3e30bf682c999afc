import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readFrontMatter, setFrontMatter } from "./front-matter.ts";
import { readDocument, readDocuments } from "./read-documents.ts";

const root = mkdtempSync(join(tmpdir(), "sluicegate-documents-"));
after(() => rmSync(root, { recursive: true }));
const place = { name: "avatars", folder: join(root, "avatars") };

const record = (change: number, more: string): string =>
  `---\nchange: ${change}\ntitle: Join\nflow: avatars\nroute: POST /x\nowner: Ada\nopened: 2026-11-20\n${more}---\n# Join\n`;

const REPORT = {
  kind: "killed",
  startedAtMs: 1_795_000_000_000,
  policyVersion: "0123456789abcdef",
  verdict: "broken",
  sentence: "One promise was broken.",
};

const FILES: Readonly<Record<string, string>> = {
  "flow.yaml": "secret",
  "changes/0001-join.md": record(1, "status: closed\nclosed: 2026-11-21\noutcome: success\n"),
  "changes/0002-other.md": record(2, "status: open\n"),
  "changes/0003-broken.md": "no front matter",
  "changes/notes.md": "not a record",
  "changes/evidence/0001-comparison.json": "{}",
  "drills/2026-11-20-killed.md": "# Drill",
  "drills/2026-11-20-killed.json": JSON.stringify(REPORT),
  "drills/2026-11-21-overload.md": "# Drill",
  "drills/2026-11-21-overload.json": "[]",
};
for (const [name, text] of Object.entries(FILES)) {
  mkdirSync(join(place.folder, name, ".."), { recursive: true });
  writeFileSync(join(place.folder, name), text);
}
symlinkSync("../flow.yaml", join(place.folder, "changes/0004-link.md"));

test("records and drills are listed newest first; one that cannot be read is listed as that", async () => {
  const { changes, drills } = await readDocuments(place);
  assert.deepEqual(
    changes.map(({ name, word, condition, link }) => [name, word, condition, link]),
    [
      ["0003-broken", "unreadable", "unknown", "/flows/avatars/changes/0003-broken"],
      ["0002-other", "open", "unknown", "/flows/avatars/changes/0002-other"],
      ["0001-join", "success", "good", "/flows/avatars/changes/0001-join"],
    ],
  );
  assert.deepEqual(
    drills.map(({ name, title, word, condition, atMs }) => [name, title, word, condition, atMs]),
    [
      ["2026-11-21-overload", "overload", "unreadable", "unknown", Date.parse("2026-11-21")],
      ["2026-11-20-killed", "One promise was broken.", "broken", "bad", REPORT.startedAtMs],
    ],
  );
});

test("a flow without documents has none", async () => {
  assert.deepEqual(await readDocuments({ name: "x", folder: root }), { changes: [], drills: [] });
});

test("a document is read whole by its name, and nothing else by any name", async () => {
  const found = await readDocument(place, "change", "0001-join");
  assert.deepEqual([found?.markdown, found?.row.word], [FILES["changes/0001-join.md"], "success"]);
  assert.equal((await readDocument(place, "drill", "2026-11-20-killed"))?.markdown, "# Drill");
  const others = [
    "",
    ".",
    "..",
    "../flow",
    "../flow.yaml",
    "../changes/0001-join",
    "./0001-join",
    "0001-join.md",
    "0001-join\u0000",
    "0004-link",
    "notes",
    "evidence/0001-comparison",
    "%2e%2e/flow",
    "2026-11-20-killed.json",
  ];
  for (const name of others)
    for (const kind of ["change", "drill"] as const)
      assert.equal(await readDocument(place, kind, name), null, `${kind} ${name}`);
  assert.equal(await readDocument(place, "drill", "0001-join"), null);
});

test("setting keys of front matter changes their values and no other byte", () => {
  for (const newline of ["\n", "\r\n"]) {
    const lines = ["---", "a: 1 # one", 'b: "two" # 2', "c:", "d: 4", "---", "a: body", ""];
    const text = lines.join(newline);
    const reading = readFrontMatter(text, "x.md", "CHANGE_INVALID");
    assert.ok(reading.ok);
    assert.equal(text.slice(reading.matter.bodyStart), `a: body${newline}`);
    const changed = setFrontMatter(text, reading.matter, {
      b: "yes",
      c: "2026-11-22",
      d: null,
      e: "-30 %",
      f: null,
    });
    const expected = [
      "---",
      "a: 1 # one",
      'b: "yes" # 2',
      "c: 2026-11-22",
      'e: "-30 %"',
      "---",
      "a: body",
      "",
    ];
    assert.equal(changed, expected.join(newline));
  }
});
