import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveRange, judgePreconditions } from "./preconditions.ts";

const ETAG = '"0123abcd"';

for (const [header, expected] of [
  [ETAG, "not-modified"],
  [`W/${ETAG}`, "not-modified"],
  ["*", "not-modified"],
  [`"other, one", ${ETAG}`, "not-modified"],
  ['"other"', "proceed"],
  ['"0123ABCD"', "proceed"],
  ["0123abcd", "proceed"],
  ["", "proceed"],
] as const) {
  test(`If-None-Match: ${header} is answered ${expected}`, () => {
    assert.equal(judgePreconditions({ "if-none-match": header }, ETAG), expected);
  });
}

for (const [header, expected] of [
  [ETAG, "proceed"],
  [`"a", ${ETAG}`, "proceed"],
  ["*", "proceed"],
  [`W/${ETAG}`, "failed"],
  ['"other"', "failed"],
  ["nonsense", "failed"],
] as const) {
  test(`If-Match: ${header} is answered ${expected}`, () => {
    assert.equal(judgePreconditions({ "if-match": header }, ETAG), expected);
  });
}

test("If-Match is judged before If-None-Match", () => {
  assert.equal(judgePreconditions({ "if-match": '"other"', "if-none-match": ETAG }, ETAG), "failed");
});

test("a range counts with the file's own strong ETag in If-Range, or without one, and for GET only", () => {
  const range = "bytes=0-1";
  assert.equal(effectiveRange("GET", { range }, ETAG), range);
  assert.equal(effectiveRange("GET", { range, "if-range": ETAG }, ETAG), range);
  for (const ifRange of [`W/${ETAG}`, '"other"', "Thu, 01 Jan 2026 00:00:00 GMT", "*", ""])
    assert.equal(effectiveRange("GET", { range, "if-range": ifRange }, ETAG), undefined);
  assert.equal(effectiveRange("HEAD", { range }, ETAG), undefined);
});
