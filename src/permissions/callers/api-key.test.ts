import assert from "node:assert/strict";
import { createHash, timingSafeEqual } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  bearer,
  flowFor,
  publicText,
  refusalOf,
  requestWith,
} from "../../../test/permissions/caller-requests.ts";
import type { ApiKeyRecord, AuditEntry, Records } from "../../records/records.ts";
import { openSqliteRecords } from "../../records/sqlite/open-sqlite-records.ts";
import { apiKeyCaller } from "./api-key.ts";
import { newApiKey, parseApiKey } from "./api-key-text.ts";

const FLOW = flowFor("api-key");
const NOW = 1_800_000_000_000;
const folder = mkdtempSync(join(tmpdir(), "sluicegate-api-key-"));
let records: Records;

before(async () => {
  records = await openSqliteRecords({ path: join(folder, "records.sqlite") });
});

after(async () => {
  await records.close();
  rmSync(folder, { recursive: true });
});

function entry(event: string): AuditEntry {
  const nothing = {
    flow: null,
    policyVersion: null,
    uploadId: null,
    principal: null,
    requestId: null,
    rule: null,
  };
  return { atMs: NOW, event, ...nothing, detail: {} };
}

/** Makes and records a key. @returns its text */
async function addKey(more: Partial<ApiKeyRecord> = {}): Promise<string> {
  const { text, id, secretSha256 } = newApiKey();
  await records.addApiKey(
    {
      id,
      name: "build server",
      principal: "partner-a",
      secretSha256,
      scopes: [],
      flows: null,
      createdAtMs: NOW - 1000,
      expiresAtMs: null,
      revokedAtMs: null,
      ...more,
    },
    entry("key-added"),
  );
  return text;
}

const idOf = (text: string): string => parseApiKey(text)?.id ?? "";
const caller = (now = NOW) => apiKeyCaller(records, { now: () => now });

test("a key has an id and 256 random bits, and two are never the same", () => {
  const made = Array.from({ length: 50 }, newApiKey);
  for (const { text, id, secretSha256 } of made) {
    assert.match(text, /^sgk_[0-9a-z]{12}_[A-Za-z0-9_-]{43}$/);
    const secret = text.slice(`sgk_${id}_`.length);
    assert.equal(Buffer.from(secret, "base64url").length, 32);
    assert.equal(secretSha256, createHash("sha256").update(secret).digest("hex"));
    assert.equal(parseApiKey(text)?.id, id);
  }
  assert.equal(new Set(made.map(({ id }) => id)).size, 50);
});

test("a key admits its principal, from either header, and that header is not for the service", async () => {
  const text = await addKey();
  const byBearer = await caller().admit(FLOW, bearer(text));
  assert.equal(byBearer.principal, "partner-a");
  assert.equal(byBearer.grant, null);
  assert.deepEqual(byBearer.consumedHeaders, ["authorization"]);
  const byHeader = await caller().admit(FLOW, requestWith(["X-Api-Key", text]));
  assert.deepEqual(byHeader.consumedHeaders, ["x-api-key"]);
  assert.equal(await caller().identify(FLOW, bearer(text)), "partner-a");
});

test("an unknown id and a wrong secret go through the same comparison and get the same answer", async () => {
  const known = await addKey();
  const other = newApiKey().text;
  const wrong = `sgk_${idOf(known)}_${other.slice(-43)}`;
  const compared: number[] = [];
  const check = apiKeyCaller(records, {
    now: () => NOW,
    isEqual: (left, right) => {
      compared.push(left.length, right.length);
      return timingSafeEqual(left, right);
    },
  });
  const unknown = await refusalOf(() => check.admit(FLOW, bearer(other)));
  const mistaken = await refusalOf(() => check.admit(FLOW, bearer(wrong)));
  assert.deepEqual(compared, [32, 32, 32, 32]);
  assert.equal(unknown.code, "CREDENTIALS_INVALID");
  assert.equal(publicText(unknown), publicText(mistaken));
  assert.match(String(unknown.details.challenge), /error="invalid_token"/);
});

test("a wrong secret is not told that the key is revoked or expired", async () => {
  const { text: other } = newApiKey();
  const expired = await addKey({ expiresAtMs: NOW - 1 });
  const refusal = await refusalOf(() =>
    caller().admit(FLOW, bearer(`sgk_${idOf(expired)}_${other.slice(-43)}`)),
  );
  assert.equal(refusal.message, "The API key is not valid.");
});

test("what has not the form of a key is refused without a look into the records", async () => {
  const good = await addKey();
  const check = apiKeyCaller({ findApiKey: () => assert.fail("looked up") });
  for (const text of [
    good.toUpperCase(),
    good.slice(0, -1),
    `${good}A`,
    `x${good}`,
    good.replace("sgk", "sgx"),
    "a",
  ]) {
    const refusal = await refusalOf(() => check.admit(FLOW, bearer(text)));
    assert.equal(refusal.code, "CREDENTIALS_INVALID");
    assert.ok(!publicText(refusal).includes(text) || text === "a");
  }
});

test("an expired key and a revoked one are refused, and their holder is told which", async () => {
  const expired = await addKey({ expiresAtMs: NOW });
  assert.match((await refusalOf(() => caller().admit(FLOW, bearer(expired)))).message, /expired/);
  assert.equal((await caller(NOW - 1).admit(FLOW, bearer(expired))).principal, "partner-a");
  const revoked = await addKey();
  await records.revokeApiKey(idOf(revoked), NOW, entry("key-revoked"));
  const refusal = await refusalOf(() => caller().admit(FLOW, bearer(revoked)));
  assert.equal(refusal.status, 401);
  assert.match(refusal.message, /revoked/);
});

test("a key opens the flows that it names and no other", async () => {
  const elsewhere = await addKey({ flows: ["reports", "avatars2"] });
  const refusal = await refusalOf(() => caller().admit(FLOW, bearer(elsewhere)));
  assert.equal(refusal.code, "PERMISSION_DENIED");
  assert.equal(refusal.status, 403);
  const here = await addKey({ flows: ["reports", "avatars"] });
  assert.equal(await caller().identify(FLOW, bearer(here)), "partner-a");
});

test("a key needs every scope that the flow requires, and the challenge names them", async () => {
  const flow = flowFor("api-key", { scope: ["upload", "upload:big"] });
  const half = await addKey({ scopes: ["upload", "upload:bigger"] });
  const refusal = await refusalOf(() => caller().identify(flow, bearer(half)));
  assert.equal(refusal.code, "PERMISSION_DENIED");
  assert.match(String(refusal.details.challenge), /error="insufficient_scope".*scope="upload upload:big"$/);
  const whole = await addKey({ scopes: ["upload:big", "other", "upload"] });
  assert.equal(await caller().identify(flow, bearer(whole)), "partner-a");
});

test("a key that is revoked while the upload runs counts as revoked; one that expires meanwhile does not", async () => {
  const text = await addKey({ expiresAtMs: NOW + 1 });
  let nowMs = NOW;
  const admission = await apiKeyCaller(records, { now: () => nowMs }).admit(FLOW, bearer(text));
  nowMs = NOW + 1000;
  await admission.confirm();
  await records.revokeApiKey(idOf(text), nowMs, entry("key-revoked"));
  const refusal = await refusalOf(() => admission.confirm());
  assert.equal(refusal.code, "PERMISSION_REVOKED");
  assert.equal(refusal.status, 403);
});

test("a key whose record is gone, or is another key's by now, counts as revoked", async () => {
  const text = await addKey();
  let found = await records.findApiKey(idOf(text));
  const admission = await apiKeyCaller({ findApiKey: async () => found }).admit(FLOW, bearer(text));
  found = found === null ? null : { ...found, secretSha256: "ab".repeat(32) };
  assert.equal((await refusalOf(() => admission.confirm())).code, "PERMISSION_REVOKED");
  found = null;
  assert.equal((await refusalOf(() => admission.confirm())).code, "PERMISSION_REVOKED");
});
