import assert from "node:assert/strict";
import { test } from "node:test";
import { normalBelow, normalQuantile, normalTails } from "./normal-distribution.ts";

/** scipy.stats.norm.cdf and norm.ppf. */
const BELOW = [
  [-6, 9.865876450376946e-10],
  [-3.5, 0.00023262907903552502],
  [-2.9, 0.0018658133003840375],
  [-1, 0.15865525393145707],
  [0, 0.5],
  [0.3, 0.6179114221889526],
  [2.999, 0.9986456634662729],
  [3.001, 0.998654527174915],
  [5, 0.9999997133484281],
] as const;
const QUANTILES = [
  [0.975, 1.959963984540054],
  [0.8, 0.8416212335729143],
  [0.9853, 2.1780810922893394],
  [1e-6, -4.753424308822899],
  [0.5, 0.0],
  [0.999999, 4.753424308817087],
] as const;

test("the share below a point is that of scipy, in the far tails too", () => {
  for (const [z, expected] of BELOW)
    assert.ok(Math.abs(normalBelow(z) / expected - 1) < 1e-10, `below ${z}: ${normalBelow(z)}`);
});

test("the quantiles are those of scipy", () => {
  for (const [share, expected] of QUANTILES)
    assert.ok(Math.abs(normalQuantile(share) - expected) < 1e-8, `at ${share}: ${normalQuantile(share)}`);
});

test("both tails beyond a point are twice the one", () => {
  assert.equal(normalTails(0), 1);
  assert.ok(Math.abs(normalTails(1.959963984540054) - 0.05) < 1e-12);
  assert.equal(normalTails(-2.5), normalTails(2.5));
});
