import assert from "node:assert/strict";
import { test } from "node:test";
import { NOW } from "../../../fixtures/console/sample-facts.ts";
import type { Condition } from "../console-api.ts";
import { answerChange, type JudgedChange } from "./answer-change.ts";

const AT = Date.UTC(2026, 10, 22, 10, 40);

const judged = (condition: Condition, sentence: string, flow: string | null = "avatars"): JudgedChange => ({
  atMs: AT,
  label: "deployed 3c4d",
  flow,
  judgement: { atMs: AT, label: "deployed 3c4d", condition, sentence, command: null },
});

const says = (...changes: readonly JudgedChange[]): readonly [string, string, string] => {
  const { condition, word, sentence } = answerChange({ changes, days: 7, nowMs: NOW });
  return [condition, word, sentence];
};

test("last change? none is known of", () => {
  assert.deepEqual(says(), [
    "good",
    "None",
    "No deployment and no edit of a flow is known of in the last 7 days.",
  ]);
});

test("last change? what is suspected is told as that", () => {
  assert.deepEqual(
    says(judged("bad", "Suspected: service time +31 %."), judged("good", "Nothing suspected.")),
    ["bad", "Worse?", "avatars: deployed 3c4d, 10:40 UTC. Suspected: service time +31 %."],
  );
});

test("last change? nothing suspected", () => {
  assert.deepEqual(says(judged("good", "Nothing suspected: no errors.")), [
    "good",
    "No trace",
    "avatars: deployed 3c4d, 10:40 UTC. Nothing suspected: no errors.",
  ]);
});

test("last change? of all flows, and none had the traffic to tell by", () => {
  assert.deepEqual(says(judged("unknown", "Too early to tell.", null)), [
    "unknown",
    "Not known",
    "deployed 3c4d, 10:40 UTC. Too little traffic before or since to tell what it did.",
  ]);
});
