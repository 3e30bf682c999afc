import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTryAt, WAIT_MS_MAX } from "./back-off.ts";

const HOUR_MS = 3_600_000;
const tries = (failed: number, more: object = {}) => ({ failed, sinceMs: 0, retryForMs: HOUR_MS, ...more });

test("waits double from one second to ten minutes, shortened by chance by up to a half", () => {
  const longest = [1, 2, 3, 4, 10, 11, 50].map((failed) => nextTryAt(tries(failed), 0, () => 1));
  assert.deepEqual(longest, [1000, 2000, 4000, 8000, 512_000, WAIT_MS_MAX, WAIT_MS_MAX]);
  assert.equal(
    nextTryAt(tries(1), 0, () => 0),
    500,
  );
  assert.equal(
    nextTryAt(tries(4), 7, () => 0),
    4007,
  );
});

test("what has been tried for long enough is not tried again by itself", () => {
  assert.notEqual(nextTryAt(tries(9), HOUR_MS - 1), null);
  assert.equal(nextTryAt(tries(9), HOUR_MS), null);
});

test("a service's own wish is kept, within what is bearable", () => {
  assert.equal(nextTryAt(tries(1, { retryAfterMs: 30_000 }), 0), 30_000);
  assert.equal(nextTryAt(tries(1, { retryAfterMs: 999_000_000 }), 0), WAIT_MS_MAX);
});

test("a clock that has gone back does not end the tries", () => {
  assert.notEqual(nextTryAt(tries(3, { sinceMs: 10 * HOUR_MS }), 0), null);
});
