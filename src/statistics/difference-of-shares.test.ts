import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceOfShares, shareInterval } from "./difference-of-shares.ts";

/** Count, of, low, high: scipy.stats.binomtest(…).proportion_ci(method="wilson"). */
const WILSON = [
  [0, 765, 0.0, 0.0049964251753364585],
  [3, 50, 0.020614970348973957, 0.1621709168883817],
  [56, 70, 0.6918335550374693, 0.8769526075163704],
  [10, 10, 0.7224672001371109, 1.0],
] as const;

test("Wilson's interval of a share is that of scipy", () => {
  for (const [count, of, low, high] of WILSON) {
    const seen = shareInterval({ count, of }, 0.95);
    assert.ok(Math.abs(seen.low - low) < 1e-9 && Math.abs(seen.high - high) < 1e-9, `${count} of ${of}`);
  }
});

test("the interval of a difference is that of Newcombe's paper, table II, method 10", () => {
  const seen = differenceOfShares({ count: 48, of: 80 }, { count: 56, of: 70 }, 0.95);
  assert.deepEqual([seen.low.toFixed(4), seen.high.toFixed(4)], ["0.0524", "0.3339"]);
  const small = differenceOfShares({ count: 3, of: 10 }, { count: 9, of: 10 }, 0.95);
  assert.deepEqual([small.low.toFixed(4), small.high.toFixed(4)], ["0.1705", "0.8090"]);
});

test("without any error it takes 765 requests to rule out half a point, and 3,838 for a tenth", () => {
  const upper = (of: number): number => differenceOfShares({ count: 0, of }, { count: 0, of }, 0.95).high;
  assert.ok(upper(765) <= 0.005 && upper(764) > 0.005);
  assert.ok(upper(3838) <= 0.001 && upper(3837) > 0.001);
});

test("of nothing, any share is possible", () => {
  assert.deepEqual(shareInterval({ count: 0, of: 0 }, 0.95), {
    estimate: 0,
    low: 0,
    high: 1,
    confidence: 0.95,
  });
});
