import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./random.ts";
import { signFlipP } from "./sign-flip.ts";
import { signedRankP } from "./signed-rank.ts";
import { signedRankBelow, signedRankCut } from "./signed-rank-null.ts";

const TWELVE = [0.0801, 0.1099, 0.0526, -0.0091, 0.0345, -0.0192, 0.086, 0.214, 0.0308, 0.018, 0.129, 0.1157];
const TWENTY = [
  0.0505, -0.053, 0.0371, 0.1095, -0.0944, -0.0058, -0.1501, -0.089, -0.1442, 0.0165, -0.0867, 0.0671, 0.0557,
  0.0213, -0.2117, -0.0139, 0.0351, 0.0513, -0.113, -0.0078,
];
const SIXTY = [
  -0.07785, -0.06088, 0.12609, -0.06075, 0.01675, 0.10844, -0.03836, 0.00883, 0.03105, 0.02638, -0.10251,
  0.02761, 0.15588, -0.13471, 0.10594, 0.03194, -0.04415, 0.22004, 0.09623, -0.09993, 0.02745, 0.07767,
  0.00112, 0.08829, 0.01335, 0.08672, 0.16385, -0.04757, 0.04031, -0.02633, 0.03273, -0.09872, -0.03793,
  0.00038, 0.10988, 0.13452, -0.11235, -0.05946, 0.08469, -0.17924, -0.02632, 0.01027, 0.1457, 0.08894,
  -0.01272, -0.01686, -0.00502, 0.17235, -0.0228, -0.01037, 0.05526, 0.00792, 0.00027, -0.09141, 0.01885,
  -0.02436, 0.13661, 0.08531, 0.01759, 0.08684,
];
const TIED = [1, 1, 2, -1, 3, 2, 0, 4, -2, 5];

const near = (seen: number, expected: number, tolerance = 1e-12): void =>
  assert.ok(Math.abs(seen - expected) < tolerance, `${seen}, not ${expected}`);

test("the p-values are those of scipy.stats.wilcoxon, exact and approximate", () => {
  near(signedRankP(TWELVE, seededRandom(1)), 0.00341796875);
  near(signedRankP(TWENTY, seededRandom(1)), 0.3299827575683594);
  near(signedRankP(SIXTY, seededRandom(1)), 0.08039812537783059, 1e-9);
});

test("with ties and zeros all sign flips of the mean ranks are counted", () => {
  near(signedRankP(TIED, seededRandom(1)), 0.0859375);
});

test("all sign flips of twelve values give what an enumeration gives", () => {
  near(signFlipP(TWELVE, seededRandom(1)), 0.0029296875);
});

test("drawn flips come close to the exact test, and the same seed gives the same", () => {
  const drawn = signFlipP(TWENTY, seededRandom(5));
  assert.equal(drawn, signFlipP(TWENTY, seededRandom(5)));
  // All 2^20 flips give 0.19150; a share of 20,000 has a standard deviation of 0.0028.
  assert.ok(Math.abs(drawn - 0.1915) < 0.011, `${drawn}`);
  assert.ok(signFlipP(Array<number>(20).fill(1), seededRandom(5)) < 0.0002);
});

test("nothing, and nothing but zeros, has p = 1", () => {
  assert.equal(signedRankP([], seededRandom(1)), 1);
  assert.equal(signedRankP([0, 0, 0], seededRandom(1)), 1);
});

test("the exact distribution of small samples is the one of the tables", () => {
  near(signedRankBelow(0, 5), 1 / 32);
  near(signedRankBelow(8, 10), 0.0244140625);
  near(signedRankBelow(55, 10), 1);
  assert.equal(signedRankCut(0.025, 5), 0);
  assert.equal(signedRankCut(0.025, 10), 9);
});

test("the exact and the normal distribution meet where one takes over from the other", () => {
  for (const part of [0.2, 0.3, 0.5])
    near(signedRankBelow((50 * 51 * part) / 2, 50), signedRankBelow((51 * 52 * part) / 2, 51), 0.01);
});
