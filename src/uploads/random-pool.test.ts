import assert from "node:assert/strict";
import { test } from "node:test";
import { pooledRandomBytes } from "./random-pool.ts";

test("bytes are given out once: no piece of any length comes twice over many pages", () => {
  const seen = new Set<string>();
  for (let round = 0; round < 5000; round += 1) {
    const length = 8 + (round % 17);
    const bytes = pooledRandomBytes(length);
    assert.equal(bytes.length, length);
    seen.add(bytes.subarray(0, 8).toString("hex"));
  }
  assert.equal(seen.size, 5000);
});

test("every bit is as often set as not", () => {
  let ones = 0;
  for (let round = 0; round < 2000; round += 1)
    for (const byte of pooledRandomBytes(16)) ones += byte.toString(2).replaceAll("0", "").length;
  assert.ok(Math.abs(ones / (2000 * 128) - 0.5) < 0.01, String(ones));
});
