import assert from "node:assert/strict";
import { test } from "node:test";
import { kolmogorovSmirnov } from "./kolmogorov-smirnov.ts";

const CALM = [
  -0.206, 0.702, 0.52, -1.034, -0.079, 0.035, -1.054, 0.26, -0.858, 0.972, 0.193, 0.089, -0.591, -0.119,
  -1.998, -1.131, 0.363, -2.129, 0.847, -1.746, 0.757, -0.845, 0.779, 0.131, -1.537, 1.249, 1.441, -0.066,
  -0.274, -0.16, -0.975, 1.099, -0.543, -0.051, -0.793, -0.626, -1.278, 1.257, -0.154, 0.966, 0.013, -0.694,
  -0.327, -0.56, 0.008, -0.375, -0.3, -1.379, -0.807, 1.654, -0.671, -1.054, 0.337, 1.407, -1.454, -0.209,
  -0.632, -1.761, 0.735, -0.023, 0.071, -0.752, 0.455, -0.539, -0.143, -1.108, -1.216, 1.336, -0.507, 0.292,
  -0.034, -0.441, -0.508, 0.63, -0.302, -0.151, 0.022, 1.177, 0.681, 0.383,
];
const WIDE = [
  -1.014, -2.488, 1.709, 1.74, -0.253, 0.975, 1.407, 1.496, 1.658, -0.82, 2.727, -2.244, 1.551, 0.889, 1.573,
  3.382, 2.672, -2.061, -3.04, 1.47, -1.827, -0.022, 1.512, -2.959, -3.798, 0.467, 0.08, -0.442, 0.069,
  -1.549, -2.724, -0.3, -1.749, -2.958, 0.91, -0.111, 0.732, -1.781, -1.185, -1.798, -1.596, 0.352, -1.409,
  0.641, 0.612, 3.645, -2.507, 1.598, -0.161, -0.025, -2.61, -0.828, 1.338, -0.148, 0.146, -0.523, 2.078,
  -0.039, -3.961, -1.246,
];

test("distance and p-value are those of scipy.stats.ks_2samp, which is exact", () => {
  const { distance, pValue } = kolmogorovSmirnov(CALM, WIDE);
  assert.ok(Math.abs(distance - 0.23333333333333334) < 1e-12, `${distance}`);
  assert.ok(Math.abs(pValue - 0.04134171192263641) < 0.006, `${pValue}`);
});

test("a sample does not differ from itself, nor from nothing", () => {
  assert.deepEqual(kolmogorovSmirnov(CALM, CALM), { distance: 0, pValue: 1 });
  assert.equal(kolmogorovSmirnov(CALM, []).pValue, 1);
});

test("samples that share no value are as far apart as can be", () => {
  const { distance, pValue } = kolmogorovSmirnov(
    CALM,
    CALM.map((value) => value + 10),
  );
  assert.equal(distance, 1);
  assert.ok(pValue < 1e-12);
});
