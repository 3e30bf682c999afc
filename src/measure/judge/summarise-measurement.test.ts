import assert from "node:assert/strict";
import { test } from "node:test";
import {
  STEADY_ARM as A,
  QUIET_HOST,
  type SimulatedArm,
  simulatedPairs,
} from "../../../test/measure/simulated-run.ts";
import type { MeasuredRequest, SegmentHealth } from "../measured-request.ts";
import type { Segment } from "../measurement.ts";
import { type MeasurementFigures, summariseMeasurement } from "./summarise-measurement.ts";

const TIMEOUT_MS = 10_000;

function segmentOf(truth: SimulatedArm, requests: number): Segment {
  const [pair] = simulatedPairs(truth, truth, { ...QUIET_HOST, pairs: 1, requests }, 8);
  assert.ok(pair !== undefined);
  return pair.a;
}

function summed(
  { requests, health }: Segment,
  changed: { readonly health?: Partial<SegmentHealth>; readonly also?: readonly MeasuredRequest[] } = {},
): MeasurementFigures {
  const all = [...(changed.also ?? []), ...requests];
  return summariseMeasurement(all, { ...health, ...changed.health }, { timeoutMs: TIMEOUT_MS });
}

function timeouts(count: number): readonly MeasuredRequest[] {
  const [one] = segmentOf(A, 1).requests;
  assert.ok(one !== undefined);
  return Array.from({ length: count }, () => ({
    ...one,
    intendedMs: 0,
    firstByteSentMs: 1,
    lastByteSentMs: 2,
    firstByteBackMs: null,
    endedMs: 1 + TIMEOUT_MS,
    status: null,
    outcome: "failed" as const,
    reason: "no answer in time",
    appMs: null,
    databaseCalls: null,
  }));
}

test("a quantile is told from the number of requests on that it needs", () => {
  const told = (requests: number): readonly boolean[] => {
    const { app } = summed(segmentOf(A, requests));
    return [app.p50 !== null, app.p95 !== null, app.p99 !== null];
  };
  assert.deepEqual(told(29), [false, false, false]);
  assert.deepEqual(told(30), [true, false, false]);
  assert.deepEqual(told(100), [true, true, false]);
  assert.deepEqual(told(500), [true, true, true]);
});

test("warm-up is in no figure", () => {
  const segment = segmentOf(A, 100);
  const warmUp = segment.requests
    .slice(0, 10)
    .map((each) => ({ ...each, index: -1, appMs: 1e6, databaseCalls: 99 }));
  assert.deepEqual(summed(segment, { also: warmUp }), summed(segment));
});

test("timeouts are failed, and count with the time after which they were given up", () => {
  const seen = summed(segmentOf(A, 100), { also: timeouts(3) });
  assert.equal(seen.outcomes.failed, 3);
  assert.equal(seen.app.max, TIMEOUT_MS);
  assert.equal(seen.app.count, 103);
  assert.ok(seen.app.p95 !== null);
});

test("a quantile that timeouts reach is not told", () => {
  const seen = summed(segmentOf(A, 100), { also: timeouts(10) });
  assert.equal(seen.app.p95, null);
  assert.ok(seen.app.p50 !== null);
});

test("where the service does not tell its time, its client's view is taken, and that is said", () => {
  const seen = summed(segmentOf({ ...A, tellsApp: false }, 100));
  assert.equal(seen.appSource, "client");
  assert.ok(seen.app.p50 !== null && seen.app.p50 > 100);
  assert.ok(seen.notes.some((note) => note.includes("does not tell its own time")));
});

test("times are of accepted uploads alone, so that failing fast is not fast", () => {
  const calm = summed(segmentOf(A, 400)).app.p50 ?? 0;
  const failing = summed(segmentOf({ ...A, errorShare: 0.5 }, 400)).app.p50 ?? 0;
  assert.ok(Math.abs(failing / calm - 1) < 0.1, `${failing} and ${calm}`);
});

test("caches and database calls are counted", () => {
  const seen = summed(segmentOf({ ...A, hitShare: 0.3, databaseCalls: 7 }, 200));
  assert.equal(seen.cache.hit + seen.cache.miss, 200);
  assert.deepEqual(seen.databaseCalls, { mode: 7, modeShare: 1, mean: 7, max: 7 });
  assert.equal(summed(segmentOf({ ...A, databaseCalls: null }, 100)).databaseCalls, null);
});

test("a late, a busy and an unfinished generator make it worthless, each by a sentence", () => {
  const segment = segmentOf(A, 100);
  assert.deepEqual(summed(segment).invalid, []);
  assert.equal(summed(segment, { health: { sendLagP99Ms: 12 } }).invalid.length, 1);
  assert.equal(summed(segment, { health: { sendLagP99Ms: 9 } }).invalid.length, 0);
  assert.equal(summed(segment, { health: { busyShare: 0.9 } }).invalid.length, 1);
  const [why] = summed(segment, { health: { completeShare: 0.6, stopped: "too many 5xx" } }).invalid;
  assert.match(why ?? "", /Only 60 % .*too many 5xx/);
});

test("nothing accepted, and nothing at all, is said and does not throw", () => {
  const failed = summed(segmentOf({ ...A, errorShare: 1 }, 50));
  assert.match(failed.invalid[0] ?? "", /No upload was accepted.*status 500/);
  assert.equal(failed.app.p50, null);
  const { health } = segmentOf(A, 1);
  assert.equal(summariseMeasurement([], health, { timeoutMs: 1 }).app.count, 0);
});
