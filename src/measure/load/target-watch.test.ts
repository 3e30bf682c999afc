import assert from "node:assert/strict";
import { test } from "node:test";
import { TargetWatch } from "./target-watch.ts";

const FINE = { isTrouble: false, reason: null, totalMs: 20 };
const BROKEN = { isTrouble: true, reason: "the status is 503", totalMs: 20 };

function after(...requests: readonly Parameters<TargetWatch["ended"]>[0][]): TargetWatch {
  const watch = new TargetWatch(20);
  for (const request of requests) watch.ended(request);
  return watch;
}

const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

test("a target that bears the load is not stopped for", () => {
  assert.equal(after(...times(200, FINE)).whyStop(10), null);
});

test("up to a half of failures is what may be measured; more is a target that suffers", () => {
  assert.equal(after(...times(100, [FINE, BROKEN]).flat()).whyStop(0), null);
  const why = after(...times(30, FINE), ...times(18, BROKEN)).whyStop(0);
  assert.equal(why, "18 of the last 30 uploads failed (the status is 503)");
});

test("a few failures at the beginning say nothing yet", () => {
  assert.equal(after(...times(7, BROKEN)).whyStop(0), null);
});

test("connections that are refused in a row are an end", () => {
  const refused = { isTrouble: true, reason: "the connection was refused", totalMs: 1 };
  assert.equal(after(...times(30, FINE), ...times(7, refused)).whyStop(0), null);
  assert.match(after(...times(30, FINE), ...times(8, refused)).whyStop(0) ?? "", /8 connections in a row/);
});

test("ten times as slow, and slow at all, is an end; ten times as slow and still fast is not", () => {
  const slow = (totalMs: number) => ({ ...FINE, totalMs });
  assert.equal(after(...times(30, FINE), ...times(30, slow(900))).whyStop(0), null);
  const why = after(...times(30, FINE), ...times(30, slow(1500))).whyStop(0);
  assert.equal(why, "uploads take 1500 ms, and took 20 ms at the beginning");
  assert.equal(after(...times(60, slow(1500))).whyStop(0), null, "it was so from the beginning");
});

test("so many may wait as come in five seconds", () => {
  const watch = new TargetWatch(20);
  assert.equal(watch.whyStop(100), null);
  assert.match(watch.whyStop(101) ?? "", /101 uploads wait/);
  assert.equal(new TargetWatch(1).whyStop(32), null);
  assert.match(new TargetWatch(1000).whyStop(251) ?? "", /251 uploads wait/);
});
