import assert from "node:assert/strict";
import { test } from "node:test";
import { hodgesLehmann } from "./hodges-lehmann.ts";
import { seededRandom } from "./random.ts";
import { signedRankP } from "./signed-rank.ts";

const TWELVE = [0.0801, 0.1099, 0.0526, -0.0091, 0.0345, -0.0192, 0.086, 0.214, 0.0308, 0.018, 0.129, 0.1157];
const TWENTY = [
  0.0505, -0.053, 0.0371, 0.1095, -0.0944, -0.0058, -0.1501, -0.089, -0.1442, 0.0165, -0.0867, 0.0671, 0.0557,
  0.0213, -0.2117, -0.0139, 0.0351, 0.0513, -0.113, -0.0078,
];

const near = (seen: number | undefined, expected: number): void =>
  assert.ok(seen !== undefined && Math.abs(seen - expected) < 1e-12, `${seen}, not ${expected}`);

test("estimate and interval are the median and the cut Walsh averages", () => {
  const twelve = hodgesLehmann(TWELVE, 0.95);
  near(twelve?.estimate, 0.06659999999999999);
  near(twelve?.low, 0.026250000000000002);
  near(twelve?.high, 0.1157);
  const twenty = hodgesLehmann(TWENTY, 0.9706);
  near(twenty?.estimate, -0.022449999999999998);
  near(twenty?.low, -0.076);
  near(twenty?.high, 0.0268);
});

test("five values have no interval of 95 %, and none at all have no estimate", () => {
  const five = hodgesLehmann(TWELVE.slice(0, 5), 0.95);
  assert.equal(five?.low, Number.NEGATIVE_INFINITY);
  assert.equal(five?.high, Number.POSITIVE_INFINITY);
  assert.equal(hodgesLehmann([], 0.95), null);
});

test("the interval leaves 0 out exactly where the test rejects", () => {
  const random = seededRandom(20261122);
  for (let round = 0; round < 200; round += 1) {
    const values = Array.from({ length: 6 + (round % 20) }, () => random() - 0.4);
    const interval = hodgesLehmann(values, 0.95);
    assert.ok(interval !== null);
    const isOff = interval.low > 0 || interval.high < 0;
    assert.equal(isOff, signedRankP(values, random) <= 0.05, `seed 20261122, round ${round}`);
  }
});

test("one wild value does not move the centre far", () => {
  const calm = hodgesLehmann(TWELVE, 0.95)?.estimate ?? 0;
  const wild = hodgesLehmann([...TWELVE.slice(1), 50], 0.95)?.estimate ?? 0;
  assert.ok(Math.abs(wild - calm) < 0.02, `${calm} and ${wild}`);
});
