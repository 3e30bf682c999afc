import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editDistance, nearestWord } from "./nearest-word.ts";

test("the nearest word is found across typing errors, case and underscores", () => {
  const keys = ["max-size", "types", "count", "optional"];
  assert.equal(nearestWord("max_size", keys), "max-size");
  assert.equal(nearestWord("maxsize", keys), "max-size");
  assert.equal(nearestWord("Types", keys), "types");
  assert.equal(nearestWord("conut", keys), "count");
  assert.equal(nearestWord("optionnal", keys), "optional");
});

test("a word that is like none has no nearest word", () => {
  assert.equal(nearestWord("colour", ["flow", "mode", "route"]), null);
  assert.equal(nearestWord("", ["flow"]), null);
  assert.equal(nearestWord("x".repeat(100_000), ["flow"]), null);
});

test("edit distance counts letters left out, added, changed and swapped", () => {
  const table: [string, string, number][] = [
    ["", "", 0],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["abc", "ab", 1],
    ["abc", "abcd", 1],
    ["abc", "axc", 1],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
  ];
  for (const [a, b, distance] of table) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
});

test("edit distance is the same both ways, and zero only for equal words", () => {
  const words = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  fc.assert(
    fc.property(words, words, (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
    }),
    { verbose: 1 },
  );
});
