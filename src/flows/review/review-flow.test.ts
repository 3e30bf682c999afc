import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { readFlow } from "../read-flow.ts";
import { reviewFlow } from "./review-flow.ts";
import type { ReviewNote } from "./review-note.ts";
import { reviewPage } from "./review-page.ts";
import { REVIEW_RULES } from "./review-rules.ts";

const TODAY = "2026-11-22";
const HOUR_MS = 3_600_000;
const root = mkdtempSync(join(tmpdir(), "sluicegate-review-"));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

/** A flow of which a reviewer has nothing to say. */
const FINE: Readonly<Record<string, string>> = {
  flow: "avatars",
  summary: "Profile picture",
  owner: "accounts team <accounts@example.com>",
  noticed: "the picture stays grey",
  mode: "enforce",
  route: "{ method: POST, path: /api/avatars, protocols: [multipart] }",
  accept: "{ files: { picture: { types: [image/png], max-size: 5 MiB } } }",
  permissions: "{ caller: public, rate: 10/min, quota: { bytes: 200 MiB, every: 24h } }",
  deliver: "receipt",
  upstream: "accounts",
  failure: "{ upstream-down: refuse }",
  rollback: "{ note: Set mode to observe., tried: 2026-11-22 }",
};

const atMs = (day: string): number => Date.parse(`${day}T12:00:00Z`);

/** The report of a drill; a `version` of `null` is the flow's own. */
const drill = (day: string, kind: string, version: string | null = null): Files => ({
  [`drills/${day}-${kind}.md`]: "# Drill\n",
  [`drills/${day}-${kind}.json`]: JSON.stringify({
    kind,
    startedAtMs: atMs(day),
    policyVersion: version ?? "POLICY",
    verdict: "kept",
    sentence: "All was kept.",
  }),
});

const baseline = (day: string): Files => ({ "baseline.json": JSON.stringify({ startedAtMs: atMs(day) }) });

/** `rollbacks.md` with one line; `POLICY` stands for the flow's own version. */
const tries = (day: string, exitCode: string, version = "POLICY"): Files => ({
  "rollbacks.md": `| When | Who |\n|---|---|\n| ${day} 12:00:00 | ada | ${exitCode} | 1.0 | ${version} | \`x\` |\n`,
});

const change = (matter: string): Files => ({
  "changes/0007-join.md": `---\nchange: 7\ntitle: Join\nflow: avatars\nroute: POST /x\nowner: Ada\n${matter}---\ntext\n`,
});

const PRACTISED: Files = { ...drill("2026-11-01", "upstream-down"), ...baseline("2026-11-01") };

type Files = Readonly<Record<string, string>>;

interface Around {
  /** In the flow's folder; in place of those that a practised flow has. */
  readonly files?: Files;
  readonly receiptLifetimeMs?: number | null;
  readonly isRecorded?: boolean;
}

/** The notes of the flow with other keys; `null` leaves a key out. */
async function review(
  keys: Readonly<Record<string, string | null>>,
  around: Around = {},
): Promise<ReviewNote[]> {
  const { receiptLifetimeMs = HOUR_MS, isRecorded = true, files = PRACTISED } = around;
  const folder = join(root, String(folders++), "avatars");
  mkdirSync(join(folder, "expected"), { recursive: true });
  if (isRecorded) writeFileSync(join(folder, "expected/created.answer.json"), "{}");
  const text = Object.entries({ ...FINE, ...keys })
    .flatMap(([key, value]) => (value === null ? [] : [`${key}: ${value}\n`]))
    .join("");
  writeFileSync(join(folder, "flow.yaml"), text);
  const reading = await readFlow(join(folder, "flow.yaml"), { upstreams: "any" });
  assert.ok(reading.ok, JSON.stringify(reading));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content.replaceAll("POLICY", reading.flow.policyVersion));
  }
  return reviewFlow(reading.flow, reading.source, { today: TODAY, receiptLifetimeMs });
}

const told = (notes: readonly ReviewNote[]): string[] =>
  notes.map(({ rule, line, column }) => `${line}:${column} ${rule}`);

const zip = "{ files: { papers: { types: [application/pdf, application/zip], max-size: 5 MiB } } }";
const any = (size: string): string => `{ files: { blob: { types: any, max-size: ${size} } } }`;
const looked = (check: string, result = "pass", when = TODAY): string =>
  `{ read-back: { id: { pointer: /id }, url: "/f/{id}" }, manual: [{ check: ${check}, result: ${result}, who: Ada, when: ${when}, note: x }] }`;
const bounded = "{ caller: public, concurrent: 2 }";

/** Each rule where it is found, with what mends it. */
const TABLE: readonly {
  readonly rule: string;
  readonly bad: Readonly<Record<string, string | null>>;
  readonly good: Readonly<Record<string, string | null>>;
  readonly around?: Around;
}[] = [
  {
    rule: "8:26 REVIEW-PUBLIC-UNLIMITED",
    bad: { permissions: "{   caller: public }" },
    good: { permissions: "{ caller: public, concurrent: 1 }" },
  },
  {
    rule: "8:39 REVIEW-RATE-WITHOUT-QUOTA",
    bad: { permissions: "{ caller: api-key, rate: 10/min }" },
    good: { permissions: "{ caller: api-key, rate: 10/min, quota: { files: 5, every: 1h } }" },
  },
  {
    rule: "8:1 REVIEW-LARGE-UNLIMITED",
    bad: {
      accept: "{ files: { film: { types: [video/mp4], max-size: 512 MiB, count: 2 } } }",
      permissions: "{ caller: api-key }",
    },
    good: {
      accept: "{ files: { film: { types: [video/mp4], max-size: 512 MiB, count: 2 } } }",
      permissions: bounded,
    },
  },
  {
    rule: "8:26 REVIEW-JWT-WITHOUT-REQUIRE",
    bad: { permissions: "{ caller:   jwt }" },
    good: { permissions: "{ caller: jwt, require: { scope: a } }" },
  },
  {
    rule: "13:27 REVIEW-RETRY-OF-ANYBODY",
    bad: { retry: "{ idempotency-key: optional }" },
    good: { retry: "{ idempotency-key: optional }", credentials: "strip" },
  },
  {
    rule: "7:35 REVIEW-ANY-TYPE-LARGE",
    bad: { accept: any("101 MiB") },
    good: { accept: any("100 MiB") },
  },
  {
    rule: "7:35 REVIEW-MARKUP-SERVED",
    bad: { accept: any("1 MiB"), verify: looked("UPL-RS-04", "fail") },
    good: { accept: any("1 MiB"), verify: looked("UPL-RS-04") },
  },
  {
    rule: "7:37 REVIEW-ARCHIVE-UNBOUNDED",
    bad: { accept: zip },
    good: { accept: zip, verify: looked("UPL-AR-04") },
  },
  {
    rule: "7:37 REVIEW-ARCHIVE-UNBOUNDED",
    bad: { accept: zip, mode: "off", inspect: "{ archives: { max-entries: 5 } }" },
    good: { accept: zip, mode: "off", inspect: "{ archives: { max-unpacked: 1 GiB } }" },
  },
  {
    rule: "9:1 REVIEW-RECEIPT-LONG",
    bad: {},
    good: { deliver: "forward" },
    around: { receiptLifetimeMs: 25 * HOUR_MS },
  },
  {
    rule: "3:1 REVIEW-OWNER-WITHOUT-ADDRESS",
    bad: { owner: "the team" },
    good: { owner: "team@example.com" },
  },
  { rule: "1:1 REVIEW-NOTICED-MISSING", bad: { noticed: null }, good: {} },
  { rule: "1:1 REVIEW-FAILURE-MISSING", bad: { failure: null }, good: {} },
  { rule: "1:1 REVIEW-ROLLBACK-MISSING", bad: { rollback: null }, good: {} },
  {
    rule: "12:1 REVIEW-ROLLBACK-NEVER-TRIED",
    bad: { rollback: "{ note: Turn it off. }" },
    good: { rollback: "{ tried: 2026-11-01 }" },
  },
  {
    rule: "12:21 REVIEW-ROLLBACK-OLD",
    bad: { rollback: "{  tried: 2026-05-25 }" },
    good: { rollback: "{ tried: 2026-05-26 }" },
  },
  {
    rule: "13:1 REVIEW-READ-BACK-MISSING",
    bad: { verify: "{ framework: django, read-back: { id: { pointer: /id } } }" },
    good: { verify: "{ hooks: { stored: ls } }" },
  },
  {
    rule: "13:123 REVIEW-MANUAL-OLD",
    bad: { verify: looked("UPL-FM-04", "pass", "2026-05-25") },
    good: { verify: looked("UPL-FM-04", "pass", "2026-05-26") },
  },
];

test("of a flow that has everything a reviewer says nothing", async () => {
  assert.deepEqual(told(await review({})), []);
});

for (const { rule, bad, good, around } of TABLE) {
  test(`${rule.split(" ")[1]} is found at its line and column, and not where it was mended (${Object.keys(bad)})`, async () => {
    assert.deepEqual(told(await review(bad, around)), [rule]);
    assert.deepEqual(told(await review(good, around)), []);
  });
}

/** What lies in the flow's folder decides here, and not the flow's file. */
const PRACTICE: readonly { readonly rule: string; readonly bad: Files; readonly good: Files }[] = [
  { rule: "5:1 REVIEW-DRILL-NEVER", bad: baseline(TODAY), good: PRACTISED },
  {
    rule: "5:1 REVIEW-DRILL-OLD",
    bad: { ...PRACTISED, ...drill("2026-08-23", "overload") },
    good: { ...PRACTISED, ...drill("2026-08-23", "overload"), ...drill("2026-08-24", "overload") },
  },
  {
    rule: "5:1 REVIEW-DRILL-OTHER-POLICY",
    bad: { ...PRACTISED, ...drill("2026-11-02", "upstream-down", "0123456789abcdef") },
    good: {
      ...drill("2026-11-02", "upstream-down", "0123456789abcdef"),
      ...drill("2026-11-03", "upstream-down"),
      ...baseline(TODAY),
    },
  },
  {
    rule: "12:1 REVIEW-ROLLBACK-FAILED",
    bad: { ...PRACTISED, ...tries(TODAY, "3") },
    good: { ...PRACTISED, ...tries(TODAY, "0") },
  },
  {
    rule: "12:1 REVIEW-ROLLBACK-BEFORE-CHANGE",
    bad: { ...PRACTISED, ...tries(TODAY, "0", "0123456789abcdef") },
    good: { ...PRACTISED, ...tries("2026-11-21", "0", "0123456789abcdef") },
  },
  { rule: "1:1 REVIEW-BASELINE-MISSING", bad: drill(TODAY, "killed"), good: PRACTISED },
  {
    rule: "1:1 REVIEW-BASELINE-MISSING",
    bad: { ...PRACTISED, "baseline.json": "{}" },
    good: { ...PRACTISED, ...baseline("2026-08-24") },
  },
  {
    rule: "1:1 REVIEW-BASELINE-OLD",
    bad: { ...PRACTISED, ...baseline("2026-08-23") },
    good: { ...PRACTISED, ...baseline("2026-08-24") },
  },
  {
    rule: "8:1 REVIEW-CHANGE-OPEN-LONG",
    bad: { ...PRACTISED, ...change("status: open\nopened: 2026-10-22\n") },
    good: { ...PRACTISED, ...change("status: open\nopened: 2026-10-23\n") },
  },
  {
    rule: "10:1 REVIEW-CHANGE-UNMEASURED",
    bad: {
      ...PRACTISED,
      ...change("status: closed\nopened: 2026-01-01\nclosed: 2026-05-26\noutcome: unmeasured\n"),
    },
    good: {
      ...PRACTISED,
      ...change(
        "status: closed\nopened: 2026-01-01\nclosed: 2026-11-22\noutcome: success\ncomparison: 2026-x\n",
      ),
    },
  },
];

for (const { rule, bad, good } of PRACTICE) {
  test(`${rule.split(" ")[1]} is found by what lies in the folder: ${Object.keys(bad).at(-1)}`, async () => {
    assert.deepEqual(told(await review({}, { files: bad })), [rule]);
    assert.deepEqual(told(await review({}, { files: good })), []);
  });
}

test("of drills, only a flow that is enforced is told", async () => {
  const files = baseline(TODAY);
  for (const mode of ["observe", "off"]) assert.deepEqual(told(await review({ mode }, { files })), []);
});

test("an answer that was never recorded is told where it is expected, or at the top", async () => {
  const around = { isRecorded: false };
  assert.deepEqual(told(await review({}, around)), ["1:1 REVIEW-ANSWER-NEVER-RECORDED"]);
  assert.deepEqual(told(await review({ expect: "{ status: 201 }" }, around)), [
    "13:1 REVIEW-ANSWER-NEVER-RECORDED",
  ]);
});

test("where anybody may send without bounds, that alone is told of bounds", async () => {
  const notes = await review({ accept: any("5 GiB"), permissions: "{ caller: public }" });
  assert.deepEqual(told(notes), ["7:35 REVIEW-ANY-TYPE-LARGE", "8:24 REVIEW-PUBLIC-UNLIMITED"]);
});

test("without settings nothing is said of receipts", async () => {
  assert.deepEqual(told(await review({}, { receiptLifetimeMs: null })), []);
});

test("a note says what is so, why that is unwise and what to do, and all of it apart", async () => {
  const [note] = await review({ permissions: "{ caller: public }" });
  assert.equal(note?.severity, "warning");
  assert.equal(
    note.message,
    "permissions.caller: anybody may send, and nothing bounds how much. One client alone can fill the disk and keep the service busy. Write rate: 60/min and quota: { bytes: 200 MiB, every: 24h }. [REVIEW-PUBLIC-UNLIMITED]",
  );
  assert.equal(note.why, "One client alone can fill the disk and keep the service busy.");
  assert.equal(note.remedy, "write rate: 60/min and quota: { bytes: 200 MiB, every: 24h }");
});

test("every rule has an id of its own, a reason and a remedy in plain words, and each is tried here or with waivers", () => {
  const ids = REVIEW_RULES.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { id, title, when, why, remedy } of REVIEW_RULES) {
    assert.match(id, /^REVIEW-[A-Z]+(-[A-Z]+)*$/);
    assert.match(title, /^[A-Z].*[^.]$/);
    for (const text of [when, why]) assert.match(text, /^.*\.$/, id);
    assert.match(remedy, /^[a-z].*[^.]$/, id);
  }
  const tried = [...TABLE, ...PRACTICE].map(({ rule }) => rule.split(" ")[1]);
  const elsewhere = ["REVIEW-ANSWER-NEVER-RECORDED", "REVIEW-WAIVER-OVER", "REVIEW-WAIVER-ENDS"];
  assert.deepEqual([...new Set([...tried, ...elsewhere])].sort(), [...ids].sort());
});

test("docs/review.md is what npm run generate writes", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/review.md"), "utf8");
  assert.equal(page, reviewPage());
});
