import assert from "node:assert/strict";
import { test } from "node:test";
import { type MeasureWish, measurePlan, planSeconds } from "./measure-plan.ts";

const WISH: MeasureWish = {
  requests: null,
  elapsedMs: null,
  sentBytesMax: 1e9,
  phase: "cold",
  timeoutMs: 30_000,
  seed: 1,
};

test("where nobody says how much, it is thirty seconds, and enough for a p95", () => {
  const plan = measurePlan(WISH, 20, 1000);
  assert.ok(Math.abs(planSeconds(plan) - 30) < 1.5, `${planSeconds(plan)}`);
  assert.ok(measurePlan(WISH, 1, 1000).requests >= 100);
  assert.ok(measurePlan(WISH, 1000, 1000).requests <= 2000);
});

test("what was asked for is sent, with a tenth of it a second time in the cold phase", () => {
  const plan = measurePlan({ ...WISH, requests: 50 }, 20, 1000);
  assert.deepEqual([plan.requests, plan.repeatShare, plan.warmUpRequests], [50, 0.1, 10]);
  assert.equal(measurePlan({ ...WISH, phase: "warm" }, 20, 1000).repeatShare, 0);
  const timed = measurePlan({ ...WISH, elapsedMs: 10_000 }, 20, 1000);
  assert.ok(planSeconds(timed) < 11, `${planSeconds(timed)}`);
});

test("no plan sends more bytes than were allowed", () => {
  const plan = measurePlan({ ...WISH, requests: 1000, sentBytesMax: 1_000_000 }, 20, 10_000);
  const all = Math.ceil(plan.requests * (1 + plan.repeatShare)) + plan.warmUpRequests;
  assert.ok(all * 10_000 <= 1_000_000 && all > 90, `${all}`);
  assert.equal(plan.requestsMax, all + 1);
});
