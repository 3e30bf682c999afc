import assert from "node:assert/strict";
import { test } from "node:test";
import {
  QUIET_HOST,
  type SimulatedArm,
  STEADY_ARM,
  simulatedInput,
  simulatedPairs,
} from "../../../test/measure/simulated-run.ts";
import type { JudgeLogsInput, LoggedRequest } from "./judge-input.ts";
import { judgeLogs } from "./judge-logs.ts";

const MINUTE_MS = 60_000;

/** An hour of traffic, a segment a minute. */
function hourOf(truth: SimulatedArm, seed: number, minutes = 60): readonly LoggedRequest[] {
  const host = { ...QUIET_HOST, pairs: minutes, requests: 20 };
  return simulatedPairs(truth, truth, host, seed).flatMap(({ a, pair }) =>
    a.requests.map((request) => ({
      atMs: pair * MINUTE_MS + request.intendedMs,
      outcome: request.outcome,
      appMs: request.appMs,
      cache: request.cache,
      databaseCalls: request.databaseCalls,
    })),
  );
}

function logs(a: readonly LoggedRequest[], b: readonly LoggedRequest[]): JudgeLogsInput {
  const { cold: _cold, ...input } = simulatedInput([], { seed: 11 });
  return { ...input, a, b };
}

test("a slower hour is suspected, never called", () => {
  const seen = judgeLogs(
    logs(hourOf(STEADY_ARM, 1), hourOf({ ...STEADY_ARM, medianMs: 260, databaseCalls: 41 }, 2)),
  );
  assert.equal(seen.verdict, "SUSPECTED SLOWER");
  assert.ok(Math.abs((seen.likeForLike?.estimate ?? 0) - 0.3) < 0.08);
  assert.match(seen.sentence, /database calls 3 → 41/);
  assert.match(seen.sentence, /not why/);
});

test("a faster hour is suspected", () => {
  const seen = judgeLogs(logs(hourOf(STEADY_ARM, 3), hourOf({ ...STEADY_ARM, medianMs: 150 }, 4)));
  assert.equal(seen.verdict, "SUSPECTED FASTER");
});

test("the same traffic is the same, or not clear", () => {
  const seen = judgeLogs(logs(hourOf(STEADY_ARM, 5), hourOf(STEADY_ARM, 6)));
  assert.ok(["SAME", "INCONCLUSIVE"].includes(seen.verdict), seen.sentence);
});

test("more cache hits alone are no suspicion of faster, and are told", () => {
  const before = hourOf({ ...STEADY_ARM, hitShare: 0.3 }, 7);
  const after = hourOf({ ...STEADY_ARM, hitShare: 0.6 }, 8);
  const seen = judgeLogs(logs(before, after));
  assert.notEqual(seen.verdict, "SUSPECTED FASTER", seen.sentence);
  assert.ok((seen.raw?.estimate ?? 0) < -0.3);
  assert.ok(seen.reasons.some((reason) => reason.includes("cache mix moved")));
});

test("more errors come before a faster time", () => {
  const seen = judgeLogs(
    logs(hourOf(STEADY_ARM, 9), hourOf({ ...STEADY_ARM, medianMs: 100, errorShare: 0.05 }, 10)),
  );
  assert.equal(seen.verdict, "SUSPECTED WORSE ERRORS");
});

test("too little traffic says so", () => {
  const seen = judgeLogs(logs(hourOf(STEADY_ARM, 9, 2), hourOf(STEADY_ARM, 10, 2)));
  assert.equal(seen.verdict, "INCONCLUSIVE");
  assert.match(seen.sentence, /too little traffic/);
  assert.doesNotThrow(() => judgeLogs(logs([], [])));
});
