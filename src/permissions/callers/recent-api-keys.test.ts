import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { ApiKeyRecord } from "../../records/records.ts";
import { RecentApiKeys } from "./recent-api-keys.ts";

const ID = "abcdefghijkl";
const SECRET = createHash("sha256").update("secret").digest();
const OTHER = createHash("sha256").update("other").digest();
const KEY: ApiKeyRecord = {
  id: ID,
  name: "build server",
  principal: "partner-a",
  secretSha256: SECRET.toString("hex"),
  scopes: [],
  flows: null,
  createdAtMs: 0,
  expiresAtMs: null,
  revokedAtMs: null,
};

/** Records with one key, a mark and a clock that the test moves, and how often they were asked. */
function open() {
  const state = { asked: 0, mark: 0 as number | null, nowMs: 0, key: KEY as ApiKeyRecord | null };
  const records = {
    findApiKey: async () => {
      state.asked += 1;
      return state.key;
    },
    apiKeysMark: () => state.mark,
  };
  return { state, records, keys: new RecentApiKeys(records, () => state.nowMs) };
}

test("a key that was shown is looked up once a second", async () => {
  const { state, keys } = open();
  for (const atMs of [0, 1, 500, 999]) {
    state.nowMs = atMs;
    assert.equal(await keys.find(ID, SECRET), KEY);
  }
  assert.equal(state.asked, 1);
  state.nowMs = 1000;
  await keys.find(ID, SECRET);
  assert.equal(state.asked, 2);
});

test("a key that has changed is looked up at once", async () => {
  const { state, keys } = open();
  await keys.find(ID, SECRET);
  state.key = { ...KEY, revokedAtMs: 1 };
  state.mark = 1;
  state.nowMs = 5;
  assert.equal((await keys.find(ID, SECRET))?.revokedAtMs, 1);
});

test("who has another secret for a remembered id, or an id that there is not, is looked up each time", async () => {
  const { state, keys } = open();
  await keys.find(ID, SECRET);
  await keys.find(ID, OTHER);
  await keys.find(ID, OTHER);
  assert.equal(state.asked, 3);
  state.key = null;
  await keys.find("none00000000", SECRET);
  assert.equal(await keys.find("none00000000", SECRET), null);
  assert.equal(state.asked, 5);
});

test("nothing is remembered where the records cannot tell of changes", async () => {
  const { state, records, keys } = open();
  state.mark = null;
  await keys.find(ID, SECRET);
  await keys.find(ID, SECRET);
  assert.equal(state.asked, 2);
  const untold = new RecentApiKeys({ findApiKey: records.findApiKey }, () => 0);
  await untold.find(ID, SECRET);
  await untold.find(ID, SECRET);
  assert.equal(state.asked, 4);
});

test("an answer that a change has overtaken is not remembered", async () => {
  const { state, keys } = open();
  const overtaken = keys.find(ID, SECRET);
  state.mark = 1;
  state.nowMs = 5;
  await keys.find("none00000000", OTHER);
  await overtaken;
  await keys.find(ID, SECRET);
  assert.equal(state.asked, 3);
});
