import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { hostileRun, largeRun, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { PYTHON } from "../../../test/validators/json-schema.ts";
import type { CheckRun } from "../run/check-run.ts";
import { junitReport } from "./junit-report.ts";

interface ParsedCase {
  readonly suite: string;
  readonly name: string;
  readonly check: string;
  readonly outcomes: readonly {
    readonly kind: string;
    readonly message: string;
    readonly text: string | null;
  }[];
}

interface Parsed {
  readonly said: readonly number[];
  readonly counted: readonly number[];
  readonly cases: readonly ParsedCase[];
}

/** By a parser that others use (PyPI `junitparser`): the totals as written, as counted again, and the cases. */
const PROGRAM = `
import json, sys
from junitparser import JUnitXml
xml = JUnitXml.fromstring(sys.stdin.buffer.read())
totals = lambda: [xml.tests, xml.failures, xml.errors, xml.skipped]
said = totals()
xml.update_statistics()
cases = [
    dict(suite=s.name, name=c.name, check=c.classname,
         outcomes=[dict(kind=r._tag, message=r.message, text=r.text) for r in c.result])
    for s in xml for c in s
]
print(json.dumps(dict(said=said, counted=totals(), cases=cases)))
`;

function parsed(run: CheckRun): Parsed {
  const done = spawnSync(PYTHON, ["-c", PROGRAM], {
    input: junitReport(run),
    encoding: "utf8",
    maxBuffer: 64_000_000,
  });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout) as Parsed;
}

test("a parser of CI systems reads every run, and counts what the report says", () => {
  for (const run of [sampleRun(), hostileRun(), largeRun(50), sampleRun({ results: [] })]) {
    const { said, counted } = parsed(run);
    assert.deepEqual(said, counted);
  }
});

test("each state has its outcome", () => {
  const { cases, said } = parsed(sampleRun());
  const outcomeOf = (check: string) =>
    cases.find((each) => each.check === check)?.outcomes.map(({ kind }) => kind);
  assert.deepEqual(outcomeOf("UPL-TR-01"), ["failure"]);
  assert.deepEqual(outcomeOf("UPL-RS-03"), ["error"]);
  assert.deepEqual(outcomeOf("UPL-FM-04"), ["error"]);
  assert.deepEqual(outcomeOf("UPL-VO-01"), []);
  assert.deepEqual(outcomeOf("UPL-NM-08"), ["skipped"]);
  assert.deepEqual(outcomeOf("UPL-FM-08"), ["skipped"]);
  assert.deepEqual(outcomeOf("UPL-TR-06"), ["skipped"]);
  assert.deepEqual(outcomeOf("UPL-RT-01"), []);
  assert.deepEqual(said, [14, 4, 2, 4]);
});

test("a failure says what was promised and observed and how to look closer; what is skipped says why", () => {
  const { cases } = parsed(sampleRun());
  const [failure] = cases[0]?.outcomes ?? [];
  assert.equal(failure?.message, "expected 413, got 201");
  assert.match(
    failure?.text ?? "",
    /Promised: refused with 401 or 413, and nothing stored\nObserved: 201 Created/,
  );
  assert.match(failure?.text ?? "", /What to do \(FastAPI\): Set `max_body_size`/);
  assert.match(failure?.text ?? "", /sluicegate replay 20261122-185346-k3f9\/UPL-TR-01\/4/);
  const waived = cases.find(({ check }) => check === "UPL-NM-08");
  assert.match(
    waived?.outcomes[0]?.message ?? "",
    /^Waived until 2027-02-01 by documents team: shown by the mobile app only\. It fails: /,
  );
  const seen = cases.find(({ check }) => check === "UPL-VO-05");
  assert.match(seen?.outcomes[0]?.message ?? "", /^Ada looked on 2026-11-01: pass\./);
});

test("a run that could do nothing is red", () => {
  const stopped = { kind: "unreachable", sentence: "Nobody answers at 127.0.0.1:8000." } as const;
  const { cases } = parsed(sampleRun({ results: [], stopped, exitCode: 3 }));
  assert.deepEqual(cases[0]?.outcomes, [{ kind: "error", message: stopped.sentence, text: null }]);
});

test("what a target answered stays text", () => {
  const { cases } = parsed(hostileRun());
  assert.equal(cases[0]?.name, "<script>alert(document.domain)</script>");
  assert.equal(
    cases.some(({ outcomes }) => outcomes.length > 1),
    false,
  );
});
