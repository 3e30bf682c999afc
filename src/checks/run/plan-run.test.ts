import assert from "node:assert/strict";
import { test } from "node:test";
import { CATALOGUE } from "../catalogue.ts";
import type { Check, Target } from "../check.ts";
import { refuses } from "../define-case.ts";
import { scenario } from "../define-scenario.ts";
import { controlProbe } from "../payloads/upload.ts";
import { OCTETS, PICTURES } from "../sample-targets.ts";
import { estimatedSize, sizeOf } from "./case-cost.ts";
import { matchesAny, unmatched } from "./match-ids.ts";
import { planRun } from "./plan-run.ts";
import { capsOf } from "./profiles.ts";
import { optionsFor, subjectOf } from "./sample-subject.ts";

const MIB = 1024 * 1024;

const plain = (name: string) => refuses(name, controlProbe, { statuses: [400], gateCodes: [] });

function checkOf(id: `UPL-${string}`, count: number, flags: Check["flags"] = ["s"]): Check {
  const cases = Array.from({ length: count }, (_, at) => plain(`case ${at + 1}`));
  return { id, title: id, why: "a test", standards: [], flags, cases };
}

const limited = (sizeBytesMax: number): Target => ({ ...PICTURES, file: { ...PICTURES.file, sizeBytesMax } });

test("under a cap on requests every check speaks before any speaks twice", () => {
  const checks = [checkOf("UPL-AA-01", 10), checkOf("UPL-AA-02", 10), checkOf("UPL-BB-01", 10)];
  const plan = planRun(subjectOf(PICTURES), optionsFor({ requestsMax: 3 + 7 }), checks);
  const run = plan.cases
    .filter(({ state }) => state === "run")
    .map(({ check, number }) => `${check.id}/${number}`);
  assert.deepEqual(run, [
    ...["UPL-AA-01/1", "UPL-AA-01/2", "UPL-AA-01/3", "UPL-AA-02/1", "UPL-AA-02/2"],
    ...["UPL-BB-01/1", "UPL-BB-01/2"],
  ]);
  assert.deepEqual([plan.summary.cases, plan.summary.leftOut, plan.summary.requests], [7, 23, 10]);
  const left = plan.cases.filter(({ state }) => state === "left-out");
  assert.ok(left.every(({ isSpare, why }) => isSpare && /cap of 10 requests/.test(why)));
});

test("what takes a tenth of the cap alone comes last", () => {
  const many = scenario("many", 20, async () => {});
  const first: Check = { ...checkOf("UPL-AA-01", 0), scenarios: [many] };
  const options = optionsFor({ requestsMax: 50 });
  const plan = planRun(subjectOf(PICTURES), options, [first, checkOf("UPL-BB-01", 40)]);
  assert.equal(plan.cases.find(({ name }) => name === "many")?.state, "left-out");
  assert.equal(plan.summary.cases, 40);
});

test("the whole catalogue stays within the caps of each profile, and the first of nearly every check fits", () => {
  for (const profile of ["ci", "staging", "prod-safe"] as const) {
    const options = optionsFor({ profile, ...capsOf(profile, PICTURES.file.sizeBytesMax) });
    const { summary, cases } = planRun(subjectOf(PICTURES), options);
    assert.ok(summary.requests <= summary.requestsMax, profile);
    assert.ok(summary.sentBytes <= summary.sentBytesMax, profile);
    assert.deepEqual(
      cases.filter(({ state }) => state === "error").map(({ name, why }) => `${name}: ${why}`),
      [],
    );
  }
  const all = planRun(subjectOf(PICTURES), optionsFor({ profile: "staging" }));
  assert.equal(all.summary.leftOut, 0, "staging leaves nothing out of a small route");
});

test("ci leaves out what puts load on the target, and says how to have it", () => {
  const checks = [checkOf("UPL-AA-01", 1, ["b"]), checkOf("UPL-AA-02", 1)];
  const states = (profile: "ci" | "staging") =>
    planRun(subjectOf(PICTURES), optionsFor({ profile }), checks).cases.map(({ state }) => state);
  assert.deepEqual(states("ci"), ["left-out", "run"]);
  assert.deepEqual(states("staging"), ["run", "run"]);
  const [left] = planRun(subjectOf(PICTURES), optionsFor(), checks).cases;
  assert.match(left?.why ?? "", /--profile staging/);
});

test("ci leaves out what could only warn of the inside of files, unless it is asked for by name", () => {
  const check: Check = { ...checkOf("UPL-AR-01", 2), topic: "archives" };
  const unpromised: Target = { ...PICTURES, unpromised: new Set(["archives"]) };
  const states = (target: Target, options: Parameters<typeof optionsFor>[0]) =>
    planRun(subjectOf(target), optionsFor(options), [check]).cases.map(({ state, why }) => [state, why]);
  const [[state, why] = []] = states(unpromised, { profile: "ci" });
  assert.equal(state, "left-out");
  assert.match(String(why), /nothing is promised of what is inside of archives.*--profile staging/);
  for (const options of [{ profile: "staging" }, { profile: "ci", only: ["AR"] }] as const)
    assert.equal(states(unpromised, options)[0]?.[0], "run");
  assert.equal(states(PICTURES, { profile: "ci" })[0]?.[0], "run");
});

test("what needs the operator is manual where no hook is there", () => {
  const needing = scenario("looks at the log", 1, async () => {}, { hooks: ["log"] });
  const check: Check = { ...checkOf("UPL-AA-01", 0, ["o"]), scenarios: [needing] };
  const planned = (hooks: object) =>
    planRun({ ...subjectOf(PICTURES), hooks }, optionsFor(), [check]).cases[0];
  assert.deepEqual([planned({})?.state, planned({})?.why], ["manual", "nobody has given a way to: log"]);
  assert.equal(planned({ log: async () => "" })?.state, "run");
});

test("patterns name an id, a class, or what a star stands for", () => {
  const named = (...patterns: string[]) =>
    CATALOGUE.filter(({ id }) => matchesAny(id, patterns)).map(({ id }) => id);
  assert.deepEqual(named("UPL-MP-07"), ["UPL-MP-07"]);
  assert.deepEqual(named("mp-07", "TR-01"), ["UPL-TR-01", "UPL-MP-07"]);
  assert.equal(named("MP").length, 14);
  assert.deepEqual(named("UPL-MP-*"), named("MP"));
  assert.deepEqual(named("M"), []);
  const ids = CATALOGUE.map(({ id }) => id);
  assert.deepEqual(unmatched(["MP", "XY", "MP-99"], ids), ["XY", "MP-99"]);
});

test("only and skip choose the checks", () => {
  const checks = [checkOf("UPL-AA-01", 1), checkOf("UPL-AA-02", 1), checkOf("UPL-BB-01", 1)];
  const ids = (only: string[], skip: string[]) =>
    planRun(subjectOf(PICTURES), optionsFor({ only, skip }), checks).cases.map(({ check }) => check.id);
  assert.deepEqual(ids(["AA"], ["AA-02"]), ["UPL-AA-01"]);
  assert.deepEqual(ids([], ["AA"]), ["UPL-BB-01"]);
});

test("a rate leaves only so many requests in the time of the run", () => {
  const target = { ...PICTURES, promises: { rate: { requestsMax: 4, everyMs: 30_000 } } };
  const plan = planRun(subjectOf(target), optionsFor({ elapsedMsMax: 60_000 }), [checkOf("UPL-AA-01", 20)]);
  assert.equal(plan.summary.requests, 7);
  assert.match(plan.cases.at(-1)?.why ?? "", /the route's own rate leaves 7 requests/);
});

test("the size of a probe under a large limit is told without making it", () => {
  const oversize = CATALOGUE.find(({ id }) => id === "UPL-TR-02")?.cases[0];
  assert.ok(oversize !== undefined);
  const target = limited(6 * MIB);
  const real = sizeOf(oversize.probe(target), 100 * MIB);
  const estimated = estimatedSize(oversize.probe, target, 100 * MIB);
  assert.ok(Math.abs(real - estimated) < real / 1000, `${estimated} for ${real}`);
  const raw = { ...OCTETS, file: { ...OCTETS.file, sizeBytesMax: 2 ** 31 } };
  const begunAt = performance.now();
  assert.ok(estimatedSize(oversize.probe, raw, 2 ** 32) > 2 ** 31);
  assert.ok(performance.now() - begunAt < 1000, "a limit of 2 GiB costs no second");
});

test("bytes are three times the limit, within bounds", () => {
  const most = (limit: number) => capsOf("ci", limit).sentBytesMax / MIB;
  assert.deepEqual([most(1), most(20 * MIB), most(2 ** 31)], [96, 96, 256]);
});
