import assert from "node:assert/strict";
import { test } from "node:test";
import { studentBelow, studentQuantile } from "./student-t.ts";

/** Share, degrees of freedom, quantile: scipy.stats.t.ppf. */
const KNOWN = [
  [0.975, 1, 12.706204736174694],
  [0.975, 5, 2.5705818356363146],
  [0.8, 5, 0.9195437802408271],
  [0.975, 19, 2.0930240544083087],
  [0.8, 19, 0.8609505502689286],
  [0.9853, 9, 2.586119787581098],
  [0.95, 100, 1.6602343260853392],
  [0.2, 7, -0.8960296443137649],
] as const;

test("quantiles of Student's t are those of scipy", () => {
  for (const [share, degrees, expected] of KNOWN)
    assert.ok(
      Math.abs(studentQuantile(share, degrees) - expected) < 1e-8 * Math.abs(expected),
      `t(${share}, ${degrees})`,
    );
});

test("the share below a quantile is the share it was asked for", () => {
  for (const [share, degrees] of KNOWN)
    assert.ok(Math.abs(studentBelow(studentQuantile(share, degrees), degrees) - share) < 1e-10);
});
