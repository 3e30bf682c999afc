import assert from "node:assert/strict";
import { test } from "node:test";
import { comparableFingerprint } from "./comparable-fingerprint.ts";

const VALUES = {
  "git.commit": "of the checkout",
  "git.dirty": "no",
  "service.git.commit": "3c4d",
  "service.cache.sheets": "on",
  "host.cores": "2",
};

test("what the service says of the variable stands under the variable's own name", () => {
  assert.deepEqual(comparableFingerprint({ values: VALUES }, "git.commit", true).values, {
    "git.commit": "3c4d",
    "git.dirty": "no",
    "service.cache.sheets": "on",
    "host.cores": "2",
  });
  const { values } = comparableFingerprint({ values: VALUES }, "cache.sheets", false);
  assert.equal(values["cache.sheets"], "on");
  assert.ok(!("service.cache.sheets" in values));
});

test("the checkout says nothing of two URLs that tell what they run", () => {
  const { values } = comparableFingerprint({ values: VALUES }, "service.git.commit", false);
  assert.deepEqual(Object.keys(values), ["service.git.commit", "service.cache.sheets", "host.cores"]);
});

test("where the service tells nothing, the checkout counts", () => {
  const untold = { "git.commit": "of the checkout", "service.version": null };
  assert.deepEqual(comparableFingerprint({ values: untold }, "git.commit", false).values, untold);
});
