import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiKeyRecord } from "../../records/records.ts";
import { secretHashOf } from "./api-key-text.ts";
import { MARK_READ_FOR_UPLOADS_EVERY_MS, RecentApiKeys } from "./recent-api-keys.ts";

const ID = "abcdefghijkl";
const SECRET = "the-secret-of-the-key";
const OTHER = "another-secret-as-long";
const KEY: ApiKeyRecord = {
  id: ID,
  name: "build server",
  principal: "partner-a",
  secretSha256: secretHashOf(SECRET).toString("hex"),
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

/** As a caller's check goes: what is not recalled is looked up. */
async function look(keys: RecentApiKeys, id: string, secret: string): Promise<ApiKeyRecord | null> {
  return keys.recall({ id, secret }) ?? (await keys.find({ id, secret }, secretHashOf(secret)));
}

test("a key that was shown is looked up once a second", async () => {
  const { state, keys } = open();
  for (const atMs of [0, 1, 500, 999]) {
    state.nowMs = atMs;
    assert.equal(await look(keys, ID, SECRET), KEY);
  }
  assert.equal(state.asked, 1);
  state.nowMs = 1000;
  await look(keys, ID, SECRET);
  assert.equal(state.asked, 2);
});

test("a key that has changed is looked up at once", async () => {
  const { state, keys } = open();
  await look(keys, ID, SECRET);
  state.key = { ...KEY, revokedAtMs: 1 };
  state.mark = 1;
  state.nowMs = 5;
  assert.equal((await look(keys, ID, SECRET))?.revokedAtMs, 1);
});

test("for uploads, whose release looks again, a change is noticed within 50 ms, and else within 5", async () => {
  const { state, keys } = open();
  await look(keys, ID, SECRET);
  state.mark = 1;
  state.nowMs = 49;
  const shown = { id: ID, secret: SECRET };
  assert.equal(keys.recall(shown, MARK_READ_FOR_UPLOADS_EVERY_MS), KEY);
  state.nowMs = 50;
  assert.equal(keys.recall(shown, MARK_READ_FOR_UPLOADS_EVERY_MS), null);
  await look(keys, ID, SECRET);
  state.mark = 2;
  state.nowMs = 56;
  assert.equal(keys.recall(shown), null);
});

test("who has another secret for a remembered id, or an id that there is not, is looked up each time", async () => {
  const { state, keys } = open();
  await look(keys, ID, SECRET);
  await look(keys, ID, OTHER);
  await look(keys, ID, OTHER);
  assert.equal(state.asked, 3);
  state.key = null;
  await look(keys, "none00000000", SECRET);
  assert.equal(await look(keys, "none00000000", SECRET), null);
  assert.equal(state.asked, 5);
});

test("nothing is remembered where the records cannot tell of changes", async () => {
  const { state, records, keys } = open();
  state.mark = null;
  await look(keys, ID, SECRET);
  await look(keys, ID, SECRET);
  assert.equal(state.asked, 2);
  const untold = new RecentApiKeys({ findApiKey: records.findApiKey }, () => 0);
  await look(untold, ID, SECRET);
  await look(untold, ID, SECRET);
  assert.equal(state.asked, 4);
});

test("an answer that a change has overtaken is not remembered", async () => {
  const { state, keys } = open();
  const overtaken = look(keys, ID, SECRET);
  state.mark = 1;
  state.nowMs = 5;
  await look(keys, "none00000000", OTHER);
  await overtaken;
  await look(keys, ID, SECRET);
  assert.equal(state.asked, 3);
});

test("a key is recalled for its own secret alone, however alike another one is", async () => {
  const { keys } = open();
  assert.equal(keys.recall({ id: ID, secret: SECRET }), null);
  await look(keys, ID, SECRET);
  assert.equal(keys.recall({ id: ID, secret: SECRET }), KEY);
  for (const secret of [`${SECRET.slice(0, -1)}X`, `${SECRET}X`, SECRET.slice(1), "", OTHER])
    assert.equal(keys.recall({ id: ID, secret }), null, secret);
  assert.equal(keys.recall({ id: "none00000000", secret: SECRET }), null);
});
