import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { FreshKeys } from "./fresh-keys.ts";

const scope = (key: string): string => createHash("sha256").update(key).digest("hex");
const many = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => scope(`${prefix}${index}`));

/** Records with these scopes, read in pages. */
function recordsWith(scopes: readonly string[]) {
  const sorted = [...scopes].sort();
  return {
    idempotencyScopes: async (after: string, limit: number) =>
      sorted.filter((one) => one > after).slice(0, limit),
  };
}

test("every key in the records is asked for, and hardly any other one", async () => {
  const recorded = many(5000, "recorded");
  const keys = new FreshKeys(recordsWith(recorded));
  await keys.fill();
  assert.ok(recorded.every((one) => !keys.isFresh(one)));
  const fresh = many(5000, "new").filter((one) => keys.isFresh(one));
  assert.ok(fresh.length > 4990, `${fresh.length} of 5000`);
});

test("no key is taken for new before the records have been read, nor where they cannot be", async () => {
  const keys = new FreshKeys({ idempotencyScopes: () => Promise.reject(new Error("no records")) });
  assert.equal(keys.isFresh(scope("a")), false);
  await keys.fill();
  assert.equal(keys.isFresh(scope("a")), false);
});

test("a claimed key is asked for from then on, also where it was claimed while the records were read", async () => {
  const keys = new FreshKeys(recordsWith(many(10, "recorded")));
  const filling = keys.fill();
  keys.add(scope("meanwhile"));
  await filling;
  assert.equal(keys.isFresh(scope("meanwhile")), false);
  assert.equal(keys.isFresh(scope("later")), true);
  keys.add(scope("later"));
  assert.equal(keys.isFresh(scope("later")), false);
});

test("a claim that was written behind the back of a reading is known again once its upload has ended", async () => {
  const keys = new FreshKeys(recordsWith([]));
  await keys.fill();
  const since = keys.add(scope("claimed"));
  await keys.fill();
  // The records did not have it yet when its place was read.
  assert.equal(keys.isFresh(scope("claimed")), true);
  keys.addAgain(scope("claimed"), since);
  assert.equal(keys.isFresh(scope("claimed")), false);
});

test("a key that ends with no reading since its claim is known all the same", async () => {
  const keys = new FreshKeys(recordsWith([]));
  await keys.fill();
  keys.addAgain(scope("claimed"), keys.add(scope("claimed")));
  assert.equal(keys.isFresh(scope("claimed")), false);
});
