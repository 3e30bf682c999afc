/**
 * The commands about change records, one after the other in one folder, with measurements and comparisons as `measure` and `compare` keep them.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { evidenceOf, writeKept } from "../measure/compare/kept-comparison.ts";
import { madeSegment } from "../measure/compare/sent-segment.ts";
import { keepMeasurement, requestLines } from "../measure/evidence-folder.ts";
import { summariseMeasurement } from "../measure/judge/summarise-measurement.ts";
import type { Measurement } from "../measure/measurement.ts";
import { GateError } from "../problems/gate-error.ts";
import { type ChangeCheckArguments, changeCheckCommand } from "./change-check.ts";
import { type ChangeCloseArguments, changeCloseCommand } from "./change-close.ts";
import { changeListCommand, changeShowCommand } from "./change-list.ts";
import { type ChangeMeasureArguments, changeMeasureCommand } from "./change-measure.ts";
import { changeNewCommand } from "./change-new.ts";
import type { CommandIo } from "./io.ts";
import { lintCommand } from "./lint.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FIXTURES = join(ROOT, "fixtures/changes");
const NOW = new Date("2026-11-22T21:00:00Z");
const RECORD = "flows/avatars/changes/0001-load-the-owners-rows-with-a-join.md";
const home = process.cwd();
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-changes-"));
  process.chdir(folder);
  cpSync(join(ROOT, "examples/flows/avatars"), "flows/avatars", { recursive: true });
  cpSync(join(ROOT, "examples/flows/notes"), "flows/notes", { recursive: true });
  for (const name of ["before", "after", "after-confounded"]) keep("measurements", "measurement", name);
  for (const name of ["faster", "confounded", "inconclusive", "slower"])
    keep("comparisons", "comparison", name);
});

afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

function keep(kind: string, noun: string, name: string): void {
  const text = readFileSync(join(FIXTURES, `${name}.json`), "utf8");
  const { id } = JSON.parse(text) as { id: string };
  mkdirSync(join(".sluicegate", kind, id), { recursive: true });
  writeFileSync(join(".sluicegate", kind, id, `${noun}.json`), text);
}

const idOf = (name: string): string =>
  (JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), "utf8")) as { id: string }).id;

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function say(run: (io: CommandIo) => Promise<number>): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    isTerminal: false,
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
  };
  const code = await run(io);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** The message of the error that a command ends with. */
async function refusal(code: string, run: () => Promise<unknown>): Promise<string> {
  const error = await run().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GateError, String(error));
  assert.equal(error.code, code);
  return error.publicMessage;
}

const open = (words: Readonly<Record<string, string>> = {}): Promise<Said> =>
  say((io) =>
    changeNewCommand(
      {
        flow: "avatars",
        title: "Load the owners' rows with a join",
        variable: "git.commit",
        expect: "-30 %",
        ...words,
      },
      io,
      NOW,
    ),
  );

const measure = (side: string, more: Partial<ChangeMeasureArguments> = {}): Promise<Said> =>
  say((io) => changeMeasureCommand({ change: "1", side, ...more }, io));

const close = (name: string, more: Partial<ChangeCloseArguments> = {}): Promise<Said> =>
  say((io) => changeCloseCommand({ change: "1", comparison: idOf(name), ...more }, io, NOW));

const check = (more: Partial<ChangeCheckArguments> = {}): Promise<Said> =>
  say((io) => changeCheckCommand({ change: "1", ...more }, io));

const text = (): string => readFileSync(RECORD, "utf8");
const edit = (from: string | RegExp, to: string): void => {
  const before = text();
  assert.notEqual(before.replace(from, to), before);
  writeFileSync(RECORD, before.replace(from, to));
};

test("a new record says what the flow knows, and asks for what only a person can know", async () => {
  const { code, out } = await open();
  assert.equal(code, 0);
  assert.match(out, new RegExp(`^Written: ${RECORD}\\.\nStill to write in it, by you: 2 parts`));
  for (const line of [
    "route: POST /api/avatars",
    "owner: accounts team <accounts@example.com>",
    "opened: 2026-11-22",
    "Account → Edit profile; the picture stays grey",
    "sluicegate mode avatars observe",
    "_Still to write: the slow query, or the command that fails, as it can be copied into a terminal._",
    "_Still to write: why it is slow or fails, and why this change would mend it._",
  ])
    assert.ok(text().split("\n").includes(line), line);
});

test("numbers count through all flows, and a title becomes a name without accents", async () => {
  await open();
  await say((io) => changeNewCommand({ flow: "notes", title: "Ça: «cache» — the 2nd!" }, io, NOW));
  assert.deepEqual(readdirSync("flows/notes/changes"), ["0002-ca-cache-the-2nd.md"]);
  const { out } = await say((io) => changeListCommand({}, io));
  assert.deepEqual(
    out.split("\n").map((line) => line.split(/ {2,}/).slice(0, 3)),
    [
      ["CHANGE", "FLOW", "STATE"],
      ["0001", "avatars", "open"],
      ["0002", "notes", "open"],
    ],
  );
});

test("figures come from the newest measurement with the side's label, stand side by side, and name what differs", async () => {
  await open();
  assert.match((await measure("before")).out, new RegExp(idOf("before")));
  assert.match(text(), /^\| … 95 of 100 are faster \| 171 ms \| – \| – \|$/m);
  assert.match((await measure("after", { measurement: idOf("after") })).out, new RegExp(idOf("after")));
  assert.match(text(), /^\| … 95 of 100 are faster \| 171 ms \| \d+(\.\d)? ms \| −4\d % \|$/m);
  assert.match(text(), /^\| Database calls of an upload \| 41 \(at most 41\) \| 3 \(at most 3\) \| {2}\|$/m);
  assert.match(text(), /^\| `git\.commit` \| `3c4d9e1` \| `9a8b7c6` \|$/m);
  assert.doesNotMatch(text(), /More than one thing/);
  assert.deepEqual(readdirSync("flows/avatars/changes/evidence"), ["0001-after.json", "0001-before.json"]);
  assert.equal((await check()).code, 0);
});

test("where more than the one variable differs, that is warned of and stands in the record", async () => {
  await open();
  await measure("before");
  const { code, err } = await measure("after", { measurement: idOf("after-confounded") });
  assert.equal(code, 0);
  assert.match(
    err,
    /warning: More than one thing changed between before and after: env\.WORKERS beside git\.commit/,
  );
  assert.match(
    text(),
    /\*\*More than one thing changed:\*\* `git\.commit` is the one variable, and `env\.WORKERS` differs, too/,
  );
});

test("measuring again replaces the figures, and nothing that a person wrote", async () => {
  await open();
  edit(/^_Still to write: why.*_$/m, "Each owner is loaded by a query of its own.\n\n<!-- mine -->");
  edit("## Commands", "My own words, right below the figures.\n\n## Commands");
  await measure("before");
  await measure("after");
  const outside = text().replace(/<!-- sluicegate:figures[\s\S]*\/sluicegate:figures -->/, "");
  await measure("after", { measurement: idOf("after") });
  assert.equal(text().replace(/<!-- sluicegate:figures[\s\S]*\/sluicegate:figures -->/, ""), outside);
  assert.match(outside, /Each owner is loaded by a query of its own\.\n\n<!-- mine -->/);
  assert.match(outside, /My own words, right below the figures\./);
});

test("one measurement is not both sides, and one of another flow is none of this record", async () => {
  await open();
  await measure("before");
  const again = await refusal("CHANGE_EVIDENCE", () => measure("after", { measurement: idOf("before") }));
  assert.match(again, /is "before" already; it cannot be both/);
  await say((io) => changeNewCommand({ flow: "notes", title: "Other" }, io, NOW));
  const other = await refusal("CHANGE_EVIDENCE", () =>
    measure("before", { change: "2", measurement: idOf("before") }),
  );
  assert.match(other, /is of the flow "avatars", and the record of notes/);
  const none = await refusal("CHANGE_EVIDENCE", () => measure("before", { change: "2" }));
  assert.match(
    none,
    /There is no measurement of notes .* Run sluicegate measure notes --target URL --label before first/,
  );
  for (const id of ["../../etc", "x/../y", "nothing"])
    await refusal("CHANGE_EVIDENCE", () => measure("before", { measurement: id }));
});

test("a comparison closes the record in its own word, with verdict, commands, assumptions and the digest of its evidence", async () => {
  await open();
  await measure("before");
  await measure("after", { measurement: idOf("after") });
  const { code, out } = await close("faster", {
    assume: ["The data set is a copy of Monday."],
    as: "success",
  });
  assert.equal(code, 0);
  assert.match(out, /is closed as success: FASTER\./);
  const { evidenceSha256 } = JSON.parse(readFileSync(join(FIXTURES, "faster.json"), "utf8"));
  for (const line of [
    "status: closed",
    "closed: 2026-11-22",
    "outcome: success",
    "verdict: FASTER",
    `evidence: ${evidenceSha256}`,
    "**FASTER**, closed on 2026-11-22 as **success**. The comparison shows that it is better.",
    "- thumbnails, by `redis-cli -n 3 FLUSHDB`: 1 time",
    "- The data set is a copy of Monday. (said when it was closed)",
    "sluicegate compare avatars --a http://127.0.0.1:8001 --b http://127.0.0.1:8002 --variable git.commit --expect -30%",
  ])
    assert.ok(text().split("\n").includes(line), `${line}\n${text()}`);
  const checked = await check();
  assert.equal(checked.code, 0);
  assert.match(checked.out, /nobody is named as the reviewer/);
  edit("closed: 2026-11-22", "reviewer: Grace\nclosed: 2026-11-22");
  assert.doesNotMatch((await check()).out, /reviewer/);
});

for (const [name, outcome, code] of [
  ["confounded", "refused", 5],
  ["inconclusive", "inconclusive", 3],
  ["slower", "worse", 1],
] as const) {
  test(`what the comparison calls ${outcome} is closed as that, even where somebody wants a success`, async () => {
    await open();
    const said = await close(name, { as: "success" });
    assert.equal(said.code, code);
    assert.match(said.err, new RegExp(`It was not closed as a success: .* so the record says ${outcome}\\.`));
    assert.match(text(), new RegExp(`^outcome: ${outcome}$`, "m"));
    assert.doesNotMatch(text(), /as \*\*success\*\*/);
  });
}

test("a comparison of more than the one variable, or of another one, is warned of", async () => {
  await open({ variable: "env.WORKERS" });
  const { err } = await close("confounded");
  assert.match(
    err,
    /warning: More than one thing differs between before and after: env\.WORKERS beside git\.commit\./,
  );
  assert.match(
    err,
    /warning: The record announced env\.WORKERS as the one variable; the comparison changed git\.commit\./,
  );
});

test("a closed record stays as it is, unless somebody says that it is to be closed anew", async () => {
  await open();
  await close("inconclusive");
  const closed = text();
  assert.match(
    await refusal("CHANGE_INVALID", () => close("faster")),
    /is closed since 2026-11-22 as inconclusive/,
  );
  assert.match(await refusal("CHANGE_INVALID", () => measure("before")), /its figures stay/);
  assert.equal((await close("inconclusive")).code, 3, "the same once more is no other end");
  assert.equal(text(), closed);
  assert.equal((await close("faster", { overwrite: true })).code, 0);
  assert.match(text(), /^outcome: success$/m);
  assert.equal((await check()).code, 0);
});

test("without a comparison a record is closed as unmeasured, with a reason, and lint goes on naming it", async () => {
  await open();
  const without = (reason?: string) =>
    say((io) =>
      changeCloseCommand(
        { change: "1", withoutComparison: true, ...(reason === undefined ? {} : { reason }) },
        io,
        NOW,
      ),
    );
  assert.equal((await without()).code, 2);
  assert.equal((await without("The service was switched off.")).code, 0);
  assert.match(text(), /^Why: The service was switched off\.$/m);
  assert.equal((await check()).code, 0);
  const lint = await say((io) => lintCommand({}, io, NOW));
  assert.equal(lint.code, 0, lint.out);
  assert.match(
    lint.out,
    /0001-load.*\.md:\d+:1: warning: outcome: the change was closed without a comparison.*\[REVIEW-CHANGE-UNMEASURED\]/,
  );
});

test("close names the newest comparison where none was said, and writes nothing", async () => {
  await open();
  const before = text();
  const { code, err } = await say((io) => changeCloseCommand({ change: "1" }, io, NOW));
  assert.equal(code, 2);
  assert.match(err, new RegExp(`The newest of avatars is ${idOf("slower")}`));
  assert.equal(text(), before);
  assert.equal((await say((io) => changeCloseCommand({ change: "1", comparison: "last" }, io, NOW))).code, 1);
  assert.match(text(), new RegExp(`^comparison: "${idOf("slower")}"$`, "m"));
});

test("a figure, a verdict or an outcome that was changed by hand is noticed by check and by lint", async () => {
  await open();
  await measure("before");
  await close("inconclusive");
  const fine = text();
  const edits: readonly (readonly [RegExp, string, RegExp])[] = [
    [/171 ms/, "71 ms", /the part "figures" was changed by hand/],
    [/^outcome: inconclusive/m, "outcome: success", /the part "verdict", or closed, outcome/],
    [/\*\*INCONCLUSIVE\*\*/, "**FASTER**", /the part "verdict"/],
    [/ sha256:[0-9a-f]{64}/, "", /the digest of the part "verdict" is gone/],
  ];
  for (const [from, to, expected] of edits) {
    edit(from, to);
    const checked = await check();
    assert.equal(checked.code, 1);
    assert.match(checked.out, expected);
    assert.equal((await say((io) => lintCommand({}, io, NOW))).code, 1);
    writeFileSync(RECORD, fine);
  }
  writeFileSync(RECORD, fine.replaceAll("\n", "\r\n"));
  assert.equal((await check()).code, 0, "other line ends are no edit");
  writeFileSync("flows/avatars/changes/evidence/0001-before.json", "{}");
  assert.match((await check()).out, /0001-before\.json, from which this part was written, is not the file/);
  rmSync("flows/avatars/changes/evidence/0001-before.json");
  assert.match((await check()).out, /0001-before\.json, from which this part was written, is not there/);
});

test("what somebody wrote into the figures is not thrown away unasked", async () => {
  await open();
  await measure("before");
  edit("<!-- /sluicegate:figures -->", "Mine!\n<!-- /sluicegate:figures -->");
  const edited = text();
  assert.match(
    await refusal("CHANGE_INVALID", () => measure("after")),
    /:\d+:1: error: somebody has changed the part "figures" by hand/,
  );
  assert.equal(text(), edited);
  assert.equal((await measure("after", { overwrite: true })).code, 0);
  assert.doesNotMatch(text(), /Mine!/);
});

test("a part that is gone is put at the end; one without an end, or there twice, is told with its line", async () => {
  await open();
  edit(/## Before and after[\s\S]*?## Commands/, "## Commands");
  assert.match((await check()).out, /warning: the part "figures" is gone/);
  await measure("before");
  assert.match(
    text(),
    /\n## Before and after\n\n<!-- sluicegate:figures [\s\S]*<!-- \/sluicegate:figures -->\n$/,
  );
  const whole = text();
  edit("<!-- /sluicegate:verdict -->", "");
  const line = whole.split("\n").findIndex((one) => one.startsWith("<!-- sluicegate:verdict")) + 1;
  assert.match((await check()).out, new RegExp(`\\.md:${line}:1: error: the part "verdict" has no end`));
  assert.match(await refusal("CHANGE_INVALID", () => close("faster")), /has no end/);
  writeFileSync(RECORD, `${whole}\n<!-- sluicegate:verdict -->\n<!-- /sluicegate:verdict -->\n`);
  assert.match((await check()).out, /begins here a second time/);
});

test("bad front matter gives line and column, in check, in list and in lint", async () => {
  await open();
  edit("owner:", "ownr:");
  edit("opened: 2026-11-22", "opened: soon");
  const { code, out } = await say((io) => changeCheckCommand({}, io));
  assert.equal(code, 1);
  assert.match(out, /0001-.*\.md:1:1: error: owner: this is missing/);
  assert.match(
    out,
    /0001-.*\.md:7:1: error: ownr: the key "ownr" is not known here\. Did you mean "owner"\?/,
  );
  assert.match(out, /0001-.*\.md:8:9: error: opened: "soon" is not a day/);
  assert.match((await say((io) => changeListCommand({}, io))).out, /0001 {4}avatars {2}unreadable/);
  assert.match(await refusal("CHANGE_INVALID", () => measure("before")), /ownr/);
  assert.match((await say((io) => lintCommand({}, io, NOW))).out, /"soon" is not a day/);
  edit("---\n", "");
  assert.match(
    (await say((io) => changeCheckCommand({}, io))).out,
    /:1:1: error: the file must begin with a line ---/,
  );
});

test("a record is named by number or name; a number that two have asks for the name", async () => {
  await open();
  cpSync("flows/avatars/changes", "flows/notes/changes", { recursive: true });
  const copy = "flows/notes/changes/0001-load-the-owners-rows-with-a-join.md";
  writeFileSync(copy, readFileSync(copy, "utf8").replace("flow: avatars", "flow: notes"));
  const show = (change: string, flow?: string) =>
    say((io) => changeShowCommand({ change, ...(flow === undefined ? {} : { flow }) }, io));
  assert.match(
    await refusal("CHANGE_UNKNOWN", () => show("1")),
    /Several records have the number 1: .* of avatars, .* of notes/,
  );
  assert.match((await show("0001", "notes")).out, /^flow: notes$/m);
  assert.match(await refusal("CHANGE_UNKNOWN", () => show("7")), /There is no change record "7"/);
  assert.match(
    (await say((io) => changeCheckCommand({}, io))).out,
    /the number 0001 is taken by .* of avatars, too/,
  );
});

test("figures that were typed into measurement.json are refused: they are computed once more from the requests", async () => {
  const id = "20261122-230000-aaaa";
  const plan = { ...JSON.parse(readFileSync(join(FIXTURES, "before.json"), "utf8")).plan, requests: 120 };
  const { requests, health } = madeSegment("measure", 0, plan, 50);
  const { text: lines, sha256 } = requestLines(requests);
  const like = JSON.parse(readFileSync(join(FIXTURES, "before.json"), "utf8")) as Measurement;
  const kept = {
    ...like,
    id,
    plan,
    ...summariseMeasurement(requests, health, plan),
    health,
    evidenceSha256: sha256,
  };
  await keepMeasurement(".sluicegate/measurements", kept, lines);
  await open();
  assert.equal((await measure("before")).err, "");
  assert.match(text(), new RegExp(id));
  await keepMeasurement(".sluicegate/measurements", { ...kept, app: { ...kept.app, p95: 5 } }, lines);
  assert.match(
    await refusal("CHANGE_EVIDENCE", () => measure("before")),
    /are not what its requests give: app\./,
  );
  writeFileSync(`.sluicegate/measurements/${id}/requests.ndjson`, lines.replace("accepted", "failed"));
  assert.match(
    await refusal("CHANGE_EVIDENCE", () => measure("before")),
    /requests\.ndjson .* was changed since/,
  );
});

test("a verdict that was typed into comparison.json is refused: it is judged once more from its evidence", async () => {
  const like = JSON.parse(readFileSync(join(FIXTURES, "inconclusive.json"), "utf8"));
  const plan = { requests: 40, phase: "cold", ratePerSecond: 20 } as const;
  const cold = [0, 1].map((pair) => ({
    pair,
    order: "ab" as const,
    a: madeSegment("a", pair, plan, 50),
    b: madeSegment("b", pair, plan, 40),
  }));
  const place = `.sluicegate/comparisons/${like.id}`;
  const input = {
    ...like,
    arms: {
      a: { ...like.arms.a, changedMeanwhile: [] },
      b: { ...like.arms.b, changedMeanwhile: [] },
    },
    ignoredKeys: [],
    cold,
    warm: [],
    secondLap: [],
    noise: null,
    cacheProof: null,
    measure: { smallestEffect: { share: 0.05, ms: 5 }, errorMarginShare: 0.005, caches: [] },
    timeoutMs: 30_000,
    pairsPlanned: 2,
    look: 2,
    seed: 1,
    evidenceSha256: evidenceOf(cold).sha256,
  };
  await writeKept(place, { input, cutShort: null });
  writeFileSync(
    join(place, "comparison.json"),
    JSON.stringify({ ...like, verdict: "FASTER", evidenceSha256: input.evidenceSha256 }),
  );
  await open();
  assert.match(
    await refusal("CHANGE_EVIDENCE", () => close("inconclusive")),
    /is not what its evidence gives: verdict/,
  );
  assert.match(text(), /^status: open$/m);
});
