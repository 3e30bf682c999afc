import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const own = readFileSync(join(import.meta.dirname, "console-api.ts"), "utf8");

test("the contract that is checked in is the one of the sources (npm run generate writes it)", () => {
  assert.equal(readFileSync(join(import.meta.dirname, "../../contract/console-api.ts"), "utf8"), own);
});

test("the contract imports nothing, since a browser's code is built on it", () => {
  assert.doesNotMatch(own, /^\s*import\b/m);
});
