import assert from "node:assert/strict";
import { test } from "node:test";
import { samplePoint } from "../../../fixtures/console/sample-facts.ts";
import type { HistoryPoint } from "../../signals/history/history.ts";
import { judgeFailures } from "./judge-failures.ts";

const kind = (outcomes: HistoryPoint["outcomes"], limitShare: number | null = 0.01) =>
  judgeFailures(samplePoint({ outcomes }), limitShare).kind;

test("refusals and clients that went away are no failures", () => {
  const { failed, due, share } = judgeFailures(samplePoint({ outcomes: { refused: 90, aborted: 5 } }), 0.01);
  assert.deepEqual([failed, due, share], [0, 0, null]);
});

test("a wrong answer is a failure, though its status was a success", () => {
  assert.equal(judgeFailures(samplePoint({ outcomes: { accepted: 9, wrong: 1 } }), null).share, 0.1);
});

test("what is promised is no trouble, one too many is a doubt, several are trouble", () => {
  assert.equal(kind({ accepted: 1000 }), "none");
  assert.equal(kind({ accepted: 995, failed: 5 }), "within");
  assert.equal(kind({ accepted: 20, failed: 1 }), "some");
  assert.equal(kind({ accepted: 20, failed: 3 }), "many");
  assert.equal(kind({ failed: 2 }), "some");
  assert.equal(kind({ failed: 3 }), "all");
});

test("a flow that promises nothing is held to one in a hundred", () => {
  assert.equal(kind({ accepted: 990, failed: 10 }, null), "within");
  assert.equal(kind({ accepted: 980, failed: 20 }, null), "many");
});

test("a flow that promises that none fails is held to it", () => {
  assert.equal(kind({ accepted: 10_000, failed: 3 }, 0), "many");
});

test("no requests are no failures", () => {
  assert.equal(judgeFailures(null, 0.01).kind, "none");
});
