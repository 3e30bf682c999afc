import assert from "node:assert/strict";
import { test } from "node:test";
import { holmAdjusted } from "./holm.ts";

test('the adjusted values are those of R\'s p.adjust(method = "holm")', () => {
  const seen = holmAdjusted([0.01, 0.04, 0.03, 0.005]).map((each) => each.toFixed(4));
  assert.deepEqual(seen, ["0.0300", "0.0600", "0.0600", "0.0200"]);
});

test("one test stays as it is, and nothing exceeds 1", () => {
  assert.deepEqual(holmAdjusted([0.02]), [0.02]);
  assert.deepEqual(holmAdjusted([0.9, 0.8]), [1, 1]);
  assert.deepEqual(holmAdjusted([]), []);
});
