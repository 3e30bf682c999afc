import assert from "node:assert/strict";
import { test } from "node:test";
import { planRequests } from "./plan-requests.ts";
import { samplePlan } from "./sample-route.ts";

test("the same seed gives the same segment, another seed another one", () => {
  assert.deepEqual(planRequests(samplePlan(), 3), planRequests(samplePlan(), 3));
  assert.notDeepEqual(planRequests(samplePlan(), 3), planRequests(samplePlan({ seed: 8 }), 3));
});

test("arrivals ascend at the rate that was asked for, and are not evenly spaced", () => {
  const { measured } = planRequests(samplePlan({ requests: 4000, ratePerSecond: 100, repeatShare: 0 }), 1);
  const gaps = measured.map(({ atMs }, place) => atMs - (measured[place - 1]?.atMs ?? 0));
  assert.ok(gaps.every((gap) => gap >= 0));
  const mean = (measured.at(-1)?.atMs ?? 0) / measured.length;
  assert.ok(Math.abs(mean - 10) < 0.7, `${mean}`);
  assert.ok(gaps.some((gap) => gap < 1) && gaps.some((gap) => gap > 30));
});

test("a share of the payloads comes a second time, well after the first", () => {
  const { measured, warmUp } = planRequests(samplePlan({ requests: 300 }), 2);
  assert.equal(measured.length, 330);
  assert.equal(new Set([...warmUp, ...measured].map(({ payload }) => payload)).size, 304);
  const again = measured.filter(({ repeat }) => repeat === 1);
  assert.equal(again.length, 30);
  for (const one of again) {
    const first = measured.find(({ payload, repeat }) => payload === one.payload && repeat === 0);
    assert.ok(first !== undefined && first.sample === one.sample);
    assert.ok(one.index > first.index, "the first comes first");
  }
  const distances = again.map(
    (one) => one.index - measured.findIndex(({ payload }) => payload === one.payload),
  );
  assert.ok(distances.filter((distance) => distance >= 10).length >= 28, distances.join(" "));
});

test("the warm phase primes each of its payloads before it counts any", () => {
  const { warmUp, measured } = planRequests(
    samplePlan({ phase: "warm", requests: 200, warmUpRequests: 2 }),
    3,
  );
  assert.deepEqual(
    warmUp.map(({ repeat }) => repeat),
    Array<number>(10).fill(0),
  );
  const primed = new Set(warmUp.map(({ payload }) => payload));
  assert.ok(measured.every(({ payload, repeat }) => primed.has(payload) && repeat > 0));
  assert.equal(warmUp[0]?.index, -10);
});
