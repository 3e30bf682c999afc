import assert from "node:assert/strict";
import { test } from "node:test";
import { CATALOGUE } from "../catalogue.ts";
import type { Check, Target } from "../check.ts";
import { refuses, strictly } from "../define-case.ts";
import { controlProbe } from "../payloads/upload.ts";
import { PICTURES } from "../sample-targets.ts";
import { costOfCase } from "./case-cost.ts";
import type { CaseReport } from "./check-run.ts";
import { concludeCheck } from "./conclude-check.ts";
import { subjectOf } from "./sample-subject.ts";

const LOOSE: Target = { ...PICTURES, unpromised: new Set(["strictness", "size"]) };
const CHECK: Check = {
  ...{ id: "UPL-AA-01", title: "t", why: "w", standards: [], flags: ["s"] },
  cases: strictly([refuses("odd", controlProbe, { statuses: [400], gateCodes: [] })]),
};

function concluded(target: Target, reasons: readonly string[]) {
  const report: CaseReport = {
    ...{ name: "odd", state: "fail", confidence: "firm", reasons, promised: null, observed: null },
    ...{ diff: [], exchanges: [], elapsedMs: 1, evidence: null },
  };
  return concludeCheck(CHECK, [report], subjectOf(target), "2026-11-22");
}

test("what is odd and taken is broken where strictness is promised, and warned of where it is not", () => {
  assert.equal(concluded(PICTURES, ["expected 400, got 200 OK"]).state, "fail");
  const warned = concluded(LOOSE, ["expected 400, got 200 OK"]);
  assert.equal(warned.state, "warn");
  assert.deepEqual(warned.cases[0]?.reasons.slice(1), ["nobody has promised this of the route"]);
});

test("where the honest upload beside it is refused, too, an assumption is wrong and nothing is told", () => {
  const open = concluded(LOOSE, ["the benign twin: expected to be accepted with 201, got 413"]);
  assert.equal(open.state, "inconclusive");
  assert.match(open.sentence, /not as was assumed: expected to be accepted with 201, got 413/);
  assert.equal(concluded(PICTURES, ["the benign twin: expected to be accepted, got 413"]).state, "fail");
});

test("a sentence does not say a case's name twice", () => {
  assert.equal(concluded(PICTURES, ["odd: expected 400"]).sentence, "odd: expected 400.");
});

test("an upload without end costs what shows that nothing ends it, where no limit is promised", () => {
  const endless = CATALOGUE.find(({ id }) => id === "UPL-TR-02")?.cases.find(({ name }) =>
    name.includes("without end"),
  );
  assert.ok(endless);
  const costs = [PICTURES, LOOSE].map((target) => costOfCase(endless, target, 2 ** 28).sentBytes);
  assert.ok(costs[0] !== undefined && costs[0] <= PICTURES.file.sizeBytesMax + 2 ** 20);
  assert.ok(costs[1] !== undefined && costs[1] > 32 * 2 ** 20);
});

test("a limit that is kept, but not before the body was sent, is a warning where strictness is not promised", () => {
  const cases = CATALOGUE.find(({ id }) => id === "UPL-TR-01")?.cases ?? [];
  const topics = cases.map(({ name, topic }) => [name.startsWith("a file of one byte more"), topic]);
  assert.deepEqual(topics.at(-1), [true, undefined]);
  assert.ok(topics.slice(0, -1).every(([, topic]) => topic === "strictness"));
});
