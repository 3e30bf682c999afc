import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import { addWaiver } from "./add-waiver.ts";
import { readWaivers } from "./read-waivers.ts";
import { reviewWaivers } from "./review-waivers.ts";

const TODAY = "2026-11-22";
const CHECKS = new Set(["UPL-TR-01", "UPL-TR-02", "UPL-MP-07"]);
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderWith(text: string | null): string {
  const folder = mkdtempSync(join(tmpdir(), "sluicegate-waivers-"));
  folders.push(folder);
  if (text !== null) writeFileSync(join(folder, "waivers.yaml"), text);
  return folder;
}

const entry = (check: string, until: string, added = "2026-11-01"): string =>
  `- { check: ${check}, until: ${until}, reason: The library is replaced in January., owner: Ada, added: ${added} }\n`;

const WAIVER = { check: "UPL-TR-02", until: "2027-01-31", reason: "The library is replaced.", owner: "Ada" };

async function refusal(folder: string, waiver: Partial<typeof WAIVER>): Promise<string> {
  const error = await addWaiver(folder, { ...WAIVER, ...waiver }, TODAY, CHECKS).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GateError && error.code === "WAIVERS_INVALID", String(error));
  return error.publicMessage;
}

test("a flow without the file, or with comments only, has no waivers", async () => {
  for (const folder of [folderWith(null), folderWith("# nothing yet\n"), folderWith("[]\n")]) {
    const { waivers, all, problems } = await readWaivers(folder, TODAY, CHECKS);
    assert.deepEqual([waivers.size, all.length, problems], [0, 0, []]);
  }
});

test("a waiver counts up to and on its last day, and not on the next", async () => {
  const folder = folderWith(entry("UPL-TR-01", "2026-11-22") + entry("UPL-TR-02", "2026-11-21"));
  const { waivers, all, problems } = await readWaivers(folder, TODAY, CHECKS);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [...waivers],
    [["UPL-TR-01", { until: "2026-11-22", reason: "The library is replaced in January.", owner: "Ada" }]],
  );
  assert.deepEqual(
    all.map(({ check, line, column }) => `${check} ${line}:${column}`),
    ["UPL-TR-01 1:12", "UPL-TR-02 2:12"],
  );
});

test("what is wrong with a waiver is told at its place, and that waiver does not count", async () => {
  const folder = folderWith(
    entry("UPL-TR-01", "2027-06-01") +
      entry("UPL-TR-2", "2026-12-01") +
      entry("UPL-XX-01", "2026-12-01") +
      entry("UPL-TR-02", "2026-12-01", "2026-11-23") +
      entry("UPL-TR-02", "2026-10-01") +
      "- { check: UPL-MP-07, until: 2026-12-01, owner: Ada, added: 2026-11-01, why: x }\n" +
      "- UPL-MP-07\n",
  );
  const { waivers, problems } = await readWaivers(folder, TODAY, CHECKS);
  assert.equal(waivers.size, 0);
  const expected = [
    "1:30 0.until: a waiver lasts at most 180 days; the latest day is 2027-04-30.",
    '2:12 1.check: "UPL-TR-2" is not the id of a check',
    "3:12 2.check: there is no check UPL-XX-01.",
    "4:106 3.added: it was not added yet: today is 2026-11-22.",
    "5:30 4.until: it ends before it was added",
    "6:3 5.reason: this is missing; write why it may fail until then",
    '6:73 5.why: the key "why" is not known here.',
    "7:3 6: expected a group with the keys check,",
  ];
  for (const [index, text] of expected.entries()) {
    const { line, column, message } = problems[index] ?? {};
    assert.ok(`${line}:${column} ${message}`.startsWith(text), `${line}:${column} ${message}\n${text}`);
  }
  assert.equal(problems.length, expected.length);
});

test("a check that is waived twice is a problem, and a file that is no list too", async () => {
  const twice = await readWaivers(
    folderWith(entry("UPL-TR-01", "2026-12-01") + entry("UPL-TR-01", "2026-12-24")),
    TODAY,
  );
  assert.match(twice.problems[0]?.message ?? "", /waived above already/);
  const group = await readWaivers(folderWith("check: UPL-TR-01\n"), TODAY);
  assert.match(group.problems[0]?.message ?? "", /expected a list of waivers, found a group of keys/);
  const broken = await readWaivers(folderWith("- [\n"), TODAY);
  assert.match(broken.problems[0]?.message ?? "", /not valid YAML/);
});

test("the first waiver makes the file, which says what it is and can be read again", async () => {
  const folder = folderWith(null);
  const { before, file } = await addWaiver(folder, WAIVER, TODAY, CHECKS);
  assert.equal(before, null);
  const text = readFileSync(file, "utf8");
  assert.match(text, /^# Checks of this flow that may fail for a while/);
  assert.match(text, /^- check: UPL-TR-02\n {2}until: 2027-01-31\n {2}reason: The library is replaced\.\n/m);
  const { waivers, problems } = await readWaivers(folder, TODAY, CHECKS);
  assert.deepEqual(problems, []);
  const { check, ...note } = WAIVER;
  assert.deepEqual([...waivers], [[check, note]]);
  assert.deepEqual(readdirSync(folder), ["waivers.yaml"], "nothing is left beside it");
});

test("a further waiver leaves comments and other waivers, and one for the same check takes the place of the old", async () => {
  const folder = folderWith(
    `# Ask Ada first.\n${entry("UPL-TR-01", "2026-12-01")}# until the move\n${entry("UPL-MP-07", "2026-12-24")}`,
  );
  await addWaiver(folder, { ...WAIVER, reason: "It says: # not now" }, TODAY, CHECKS);
  const { before } = await addWaiver(folder, { ...WAIVER, check: "UPL-MP-07" }, TODAY, CHECKS);
  assert.equal(before?.until, "2026-12-24");
  const text = readFileSync(join(folder, "waivers.yaml"), "utf8");
  for (const comment of ["# Ask Ada first.", "# until the move"]) assert.ok(text.includes(comment), text);
  const { all, problems } = await readWaivers(folder, TODAY, CHECKS);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    all.map(({ check, until, reason }) => [check, until, reason]),
    [
      ["UPL-TR-01", "2026-12-01", "The library is replaced in January."],
      ["UPL-MP-07", "2027-01-31", "The library is replaced."],
      ["UPL-TR-02", "2027-01-31", "It says: # not now"],
    ],
  );
});

test("a waiver without an end in sight, a reason, an owner or a check is refused, and nothing is written", async () => {
  const folder = folderWith(null);
  assert.match(
    await refusal(folder, { until: "2027-05-22" }),
    /at most 180 days; the latest day is 2027-05-21/,
  );
  assert.match(await refusal(folder, { until: "2026-11-21" }), /this day is over: today is 2026-11-22/);
  assert.match(await refusal(folder, { until: "soon" }), /"soon" is not a day/);
  assert.match(await refusal(folder, { reason: " " }), /reason: expected text/);
  assert.match(await refusal(folder, { owner: "" }), /owner: expected text/);
  assert.match(
    await refusal(folder, { check: "UPL-TR-03" }),
    /there is no check UPL-TR-03\. Did you mean "UPL-TR-01"/,
  );
  assert.match(await refusal(folder, { check: "TR-01" }), /is not the id of a check/);
  assert.deepEqual(readdirSync(folder), []);
});

test("a file with problems is not written into", async () => {
  const text = entry("UPL-TR-01", "2099-01-01");
  const folder = folderWith(text);
  assert.match(
    await refusal(folder, {}),
    /waivers\.yaml:1:30: error: 0\.until: a waiver lasts at most 180 days/,
  );
  assert.equal(readFileSync(join(folder, "waivers.yaml"), "utf8"), text);
});

test("a waiver that has run out, or does so within 14 days, is told in a review at its line", async () => {
  const folder = folderWith(
    entry("UPL-TR-01", "2026-11-21") +
      entry("UPL-TR-02", "2026-12-06") +
      entry("UPL-MP-07", "2026-12-07") +
      entry("UPL-MP-08", "2026-11-22"),
  );
  const { all } = await readWaivers(folder, TODAY);
  const notes = reviewWaivers(folder, all, TODAY);
  assert.deepEqual(
    notes.map(({ file, line, rule }) => `${file.slice(folder.length + 1)}:${line} ${rule}`),
    [
      "waivers.yaml:1 REVIEW-WAIVER-OVER",
      "waivers.yaml:2 REVIEW-WAIVER-ENDS",
      "waivers.yaml:4 REVIEW-WAIVER-ENDS",
    ],
  );
  assert.match(
    notes[0]?.message ?? "",
    /^UPL-TR-01: the waiver of Ada has run out on 2026-11-21\. .* \[REVIEW-WAIVER-OVER\]$/,
  );
});
