import assert from "node:assert/strict";
import { test } from "node:test";
import { HOSTILE_TEXTS, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import { type PlannedRun, planReport } from "./plan-report.ts";
import { columnsOf } from "./wrap-columns.ts";

function planned(changes: Partial<PlannedRun> = {}): PlannedRun {
  const run = sampleRun();
  return {
    target: run.target,
    profile: "staging",
    plan: run.plan,
    elapsedMsMax: 300_000,
    checks: [
      {
        id: "UPL-TR-01",
        title: "A body that is declared too large is refused before it is sent",
        cases: 4,
        requests: 8,
        sentBytes: 21_000_000,
      },
      {
        id: "UPL-MP-07",
        title: "A second name in extended notation never replaces the plain one",
        cases: 10,
        requests: 20,
        sentBytes: 9000,
      },
    ],
    leftOut: [
      { id: "UPL-TR-06", cases: 2, why: "staging leaves out what loads the service" },
      { id: "UPL-FM-07", cases: 10, why: "staging leaves out what loads the service" },
    ],
    stores: ["up to 40 small files whose names begin with sluicegate-k3f9-"],
    removal: "with DELETE of the link in each answer",
    ...changes,
  };
}

test("a plan says target, bounds, each check with its cost, what is left out and why, what is stored and how it goes", () => {
  const text = planReport(planned(), 80);
  assert.match(text, /^Target: {4}POST http:\/\/127\.0\.0\.1:8000\/api\/documents\n/);
  assert.match(text, /At most: {3}300 requests, 60\.0 MB, 5 min 0 s; then it stops/);
  assert.match(text, / {2}UPL-TR-01 +A body that is declared .* 8 +21\.0 MB\n/);
  assert.match(
    text,
    /Left out: 12 cases\n {2}staging leaves out what loads the service: UPL-TR-06, UPL-FM-07\n/,
  );
  assert.match(text, /Stored on the target: up to 40 small files/);
  assert.match(text, /Removed again: with DELETE/);
  assert.match(text, /\nNothing was sent\.\n$/);
});

test("what cannot be removed again is said", () => {
  assert.match(planReport(planned({ removal: null }), 80), /It cannot be removed again by this run/);
  assert.match(planReport(planned({ stores: [] }), 80), /Stored on the target: nothing\./);
});

test("no line is wider than the terminal, and nothing acts on it", () => {
  const hostile = HOSTILE_TEXTS.join(" ");
  const run = planned({
    target: { ...sampleRun().target, path: hostile, assumptions: [hostile], readBack: hostile },
    stores: [hostile],
    removal: hostile,
    leftOut: [{ id: hostile, cases: 1, why: hostile }],
    checks: [{ id: "UPL-TR-01", title: hostile, cases: 1, requests: 1, sentBytes: 1 }],
  });
  const text = planReport(run, 72);
  assert.equal(/[^\P{C}\n]/u.test(text), false);
  assert.deepEqual(
    text.split("\n").filter((line) => columnsOf(line) > 72),
    [],
  );
});
