import assert from "node:assert/strict";
import { test } from "node:test";
import { count, sayAgo, sayDuration, sayMoment, sayNames, sayShare } from "./say-figures.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test("counts are right for none, one and many", () => {
  assert.deepEqual(
    [count(0, "upload"), count(1, "upload"), count(2, "upload"), count(12_345, "upload")],
    ["no uploads", "1 upload", "2 uploads", "12,345 uploads"],
  );
  assert.equal(count(1, "upload is", "uploads are"), "1 upload is");
});

test("durations are told in the unit in which a person thinks of them, and never as sixty of one", () => {
  const told: readonly (readonly [number, string])[] = [
    [0.44, "0.4 ms"],
    [820.4, "820 ms"],
    [999.6, "1 s"],
    [1234, "1.2 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min"],
    [125_000, "2 min 5 s"],
    [3_599_600, "1 h"],
    [3_720_000, "1 h 2 min"],
  ];
  for (const [ms, words] of told) assert.equal(sayDuration(ms), words, String(ms));
});

test("shares round to nothing or to everything only where that is so", () => {
  const told: readonly (readonly [number, string])[] = [
    [0, "0 %"],
    [0.0004, "under 0.1 %"],
    [0.025, "2.5 %"],
    [0.124, "12 %"],
    [0.995, "over 99 %"],
    [1, "100 %"],
  ];
  for (const [share, words] of told) assert.equal(sayShare(share), words, String(share));
});

test("how long ago something was does not change with every look", () => {
  const now = Date.UTC(2026, 10, 22, 10, 42);
  const told: readonly (readonly [number, string])[] = [
    [0, "just now"],
    [-5 * SECOND, "just now"],
    [14 * SECOND, "10 s ago"],
    [59 * SECOND, "50 s ago"],
    [MINUTE, "1 minute ago"],
    [59 * MINUTE, "59 minutes ago"],
    [HOUR, "1 hour ago"],
    [47 * HOUR, "47 hours ago"],
    [48 * HOUR, "2 days ago"],
  ];
  for (const [ago, words] of told) assert.equal(sayAgo(now - ago, now), words, String(ago));
});

test("a moment is told with its day where that is another one, always in UTC", () => {
  const now = Date.UTC(2026, 10, 22, 0, 30);
  assert.equal(sayMoment(Date.UTC(2026, 10, 22, 0, 10), now), "00:10 UTC");
  assert.equal(sayMoment(Date.UTC(2026, 10, 21, 23, 50), now), "21 Nov, 23:50 UTC");
  assert.equal(sayMoment(Date.UTC(2025, 11, 31, 9, 5), now), "31 Dec 2025, 09:05 UTC");
});

test("names are listed, and many are counted", () => {
  assert.equal(sayNames([]), "");
  assert.equal(sayNames(["a"]), "a");
  assert.equal(sayNames(["a", "b"]), "a and b");
  assert.equal(sayNames(["a", "b", "c"]), "a, b and c");
  assert.equal(sayNames(["a", "b", "c", "d", "e"]), "a, b and 3 more");
});
