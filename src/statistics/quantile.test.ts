import assert from "node:assert/strict";
import { test } from "node:test";
import { medianOf, quantileOf, weightedQuantileOf } from "./quantile.ts";

const SAMPLE = [0.0801, 0.1099, 0.0526, -0.0091, 0.0345, -0.0192, 0.086, 0.214, 0.0308, 0.018, 0.129, 0.1157];
/** numpy.quantile, and with method="hazen". */
const LINEAR = [
  [0, -0.0192],
  [0.05, -0.013645],
  [0.5, 0.06635],
  [0.95, 0.16724999999999995],
  [1, 0.214],
] as const;
const HAZEN = [
  [0.01, -0.0192],
  [0.05, -0.018189999999999998],
  [0.5, 0.06635],
  [0.95, 0.20549999999999988],
  [0.99, 0.214],
] as const;

const near = (seen: number | null, expected: number): void => {
  assert.ok(seen !== null && Math.abs(seen - expected) < 1e-12, `${seen}, not ${expected}`);
};

test("quantiles are those of numpy", () => {
  for (const [share, expected] of LINEAR) near(quantileOf(SAMPLE, share), expected);
});

test("with equal weights the weighted quantile is numpy's hazen, whatever the weight is", () => {
  for (const weight of [1, 0.25])
    for (const [share, expected] of HAZEN)
      near(
        weightedQuantileOf(
          SAMPLE.map((value) => ({ value, weight })),
          share,
        ),
        expected,
      );
});

test("a value of weight three counts as three values", () => {
  const weighted = [1, 2, 4].map((value) => ({ value, weight: value === 2 ? 3 : 1 }));
  near(weightedQuantileOf(weighted, 0.5), 2);
  const light = [1, 2, 4].map((value) => ({ value, weight: value === 4 ? 10 : 1 }));
  assert.ok((weightedQuantileOf(light, 0.5) ?? 0) > 3);
});

test("what has no weight does not count", () => {
  near(
    weightedQuantileOf(
      [
        { value: 1, weight: 1 },
        { value: 100, weight: 0 },
      ],
      0.99,
    ),
    1,
  );
});

test("nothing has no quantile", () => {
  assert.equal(medianOf([]), null);
  assert.equal(weightedQuantileOf([{ value: 3, weight: 0 }], 0.5), null);
});
