import assert from "node:assert/strict";
import { test } from "node:test";
import { pairsNeeded, smallestVisible } from "./smallest-visible.ts";

test("the pairs that an effect takes are those of the design's table", () => {
  const needed = (effect: number): readonly number[] =>
    [0.05, 0.08, 0.1, 0.15].map((deviation) => pairsNeeded(deviation, effect));
  assert.deepEqual(needed(0.1), [8, 8, 10, 18]);
  assert.deepEqual(needed(-0.05), [10, 22, 32, 70]);
});

test("no number of pairs shows an effect of nothing, and one pair shows nothing", () => {
  assert.equal(pairsNeeded(0.1, 0), Number.POSITIVE_INFINITY);
  assert.equal(smallestVisible(0.1, 1), 1);
});

test("the smallest visible effect falls with the root of the pairs, and is seen with the pairs that it needs", () => {
  const [ten, forty] = [smallestVisible(0.1, 10), smallestVisible(0.1, 40)];
  // (t(0.975, 9) + t(0.8, 9)) · 0.1 / √10 = (2.2622 + 0.8834) · 0.0316 = 0.0995 as a logarithm
  assert.ok(Math.abs(ten - (1 - Math.exp(-0.09947))) < 1e-4, `${ten}`);
  assert.ok(forty < ten / 1.9);
  assert.ok(pairsNeeded(0.1, ten) <= 12);
});
