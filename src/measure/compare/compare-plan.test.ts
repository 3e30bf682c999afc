import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlanWish, planComparison } from "./compare-plan.ts";

const WISH: PlanWish = {
  pairs: null,
  requests: null,
  isQuick: false,
  expected: null,
  ratePerSecond: 50,
  hasWarmPhase: false,
  isOfCache: false,
  deviation: null,
  isNoiseStored: false,
};

test("unless something else is said there are 20 pairs of 100, good for p95, with a look half-way", () => {
  const plan = planComparison(WISH);
  assert.equal(plan.pairs, 20);
  assert.equal(plan.quantile, "p95");
  assert.deepEqual(plan.looks, [10, 20]);
  assert.equal(plan.requestsInAll, 2 * (20 + 6) * 120);
  assert.ok(plan.elapsedMs > 124_000 && plan.elapsedMs < 140_000, `${plan.elapsedMs} ms`);
});

test("in a hurry there are 10 pairs and one look, enough to rule out half a point of errors", () => {
  const plan = planComparison({ ...WISH, isQuick: true });
  assert.deepEqual([plan.pairs, plan.requests, plan.quantile], [10, 100, "p95"]);
  assert.ok(plan.errorsVisible < 0.005, `${plan.errorsVisible}`);
  assert.deepEqual(plan.looks, [10]);
});

test("a hoped change and a known noise say how many pairs it takes", () => {
  const pairsFor = (expected: number, deviation: number) =>
    planComparison({ ...WISH, expected, deviation }).pairs;
  assert.deepEqual(
    [pairsFor(-0.1, 0.05), pairsFor(-0.1, 0.1), pairsFor(-0.1, 0.15), pairsFor(-0.05, 0.15)],
    [10, 10, 18, 70],
  );
  assert.equal(pairsFor(-0.001, 0.2), 200, "bounded");
});

test("too few uploads for a p95 are good for a median, and may not rule out errors", () => {
  const plan = planComparison({ ...WISH, isQuick: true, requests: 40 });
  assert.equal(plan.quantile, "p50");
  assert.ok(plan.errorsVisible > 0.005 && plan.errorsVisible < 0.02, `${plan.errorsVisible}`);
});

test("what was said about pairs holds, whatever is hoped", () => {
  assert.equal(planComparison({ ...WISH, pairs: 5, expected: -0.01, deviation: 0.1 }).pairs, 5);
});

test("a known noise is not measured again, and says alone what can be seen", () => {
  const plan = planComparison({ ...WISH, deviation: 0.05, isNoiseStored: true });
  assert.equal(plan.noisePairs, 0);
  assert.equal(plan.visible.length, 1);
  const [visible] = plan.visible;
  assert.ok(visible !== undefined && visible.share > 0.02 && visible.share < 0.05, JSON.stringify(visible));
});

test("where a cache was changed there is a second lap, and one look at the end", () => {
  const plan = planComparison({ ...WISH, isOfCache: true, hasWarmPhase: true });
  assert.equal(plan.secondLapPairs, 10);
  assert.deepEqual(plan.looks, [20]);
});

test("at a low rate, warming up does not take longer than two seconds", () => {
  assert.equal(planComparison({ ...WISH, ratePerSecond: 1 }).warmUpRequests, 2);
  assert.equal(planComparison({ ...WISH, ratePerSecond: 0.1 }).warmUpRequests, 1);
  assert.equal(planComparison(WISH).warmUpRequests, 10);
});
