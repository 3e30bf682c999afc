import assert from "node:assert/strict";
import { test } from "node:test";
import { comparableFingerprint } from "./comparable-fingerprint.ts";

const VALUES = { "git.commit": "of the checkout", "service.git.commit": "3c4d", "service.version": "2" };

test("what the service says of the variable stands under the variable's own name", () => {
  assert.deepEqual(comparableFingerprint({ values: VALUES }, "git.commit").values, {
    "git.commit": "3c4d",
    "service.version": "2",
  });
  assert.equal(comparableFingerprint({ values: VALUES }, "version").values.version, "2");
});

test("a variable that is there as it was named leaves everything as it is", () => {
  assert.deepEqual(comparableFingerprint({ values: VALUES }, "service.version").values, VALUES);
});
