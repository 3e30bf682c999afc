import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./random.ts";
import { rankSumP } from "./rank-sum.ts";
import { shiftOfSamples } from "./shift-of-samples.ts";

const BEFORE = [9.66, 11.052, 9.995, 10.583, 8.709, 10.347, 8.312, 7.965, 9.696];
const AFTER = [10.1, 11.164, 13.245, 10.168, 10.376, 11.205, 11.493, 10.824];

const near = (seen: number | undefined, expected: number): void =>
  assert.ok(seen !== undefined && Math.abs(seen - expected) < 1e-9, `${seen}, not ${expected}`);

test("shift and interval are those of the exact distribution of Mann and Whitney's U", () => {
  const shift = shiftOfSamples(BEFORE, AFTER, 0.95);
  near(shift?.estimate, 1.4249999999999998);
  near(shift?.low, 0.3810000000000002);
  near(shift?.high, 2.661999999999999);
});

test("nothing has no shift, and two values have no interval", () => {
  assert.equal(shiftOfSamples([], AFTER, 0.95), null);
  assert.equal(shiftOfSamples([1, 2], [3, 4], 0.95)?.low, Number.NEGATIVE_INFINITY);
});

test("the interval holds the true shift about as often as it says, beyond the exact sizes too", () => {
  for (const size of [12, 40]) {
    const random = seededRandom(size);
    let held = 0;
    for (let round = 0; round < 300; round += 1) {
      const before = Array.from({ length: size }, () => random() + random());
      const after = Array.from({ length: size }, () => random() + random() + 0.3);
      const shift = shiftOfSamples(before, after, 0.95);
      if (shift !== null && shift.low <= 0.3 && shift.high >= 0.3) held += 1;
    }
    // 285 expected; the binomial deviation is 3.8, so that 269 and 300 are four of them away.
    assert.ok(held >= 269 && held <= 300, `seed ${size}: held in ${held} of 300`);
  }
});

test("the p-values are those of scipy.stats.mannwhitneyu, asymptotic, with ties too", () => {
  assert.ok(Math.abs(rankSumP(BEFORE, AFTER) - 0.010773413925011244) < 1e-9);
  assert.ok(Math.abs(rankSumP([1, 2, 2, 3, 5, 5], [2, 4, 5, 6, 6, 7, 8]) - 0.050835582280956304) < 1e-9);
  assert.equal(rankSumP([1, 1], [1]), 1);
  assert.equal(rankSumP([], [1]), 1);
});
