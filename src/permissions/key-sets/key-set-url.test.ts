import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { refusalOf } from "../../../test/permissions/caller-requests.ts";
import {
  type KeyServer,
  keySetText,
  makeSigner,
  openKeyServer,
} from "../../../test/permissions/token-signer.ts";
import type { KeySet } from "./key-set.ts";
import type { KeySetSource } from "./key-set-source.ts";
import { keySetUrl } from "./key-set-url.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const first = makeSigner("a");
const second = makeSigner("b");
let server: KeyServer;
let source: KeySetSource;
let elapsedMs = 0;
let warnings: unknown[][] = [];

beforeEach(async () => {
  elapsedMs = 0;
  warnings = [];
  server = await openKeyServer(first);
  source = keySetUrl(server.url, {
    elapsedMs: () => elapsedMs,
    log: { warn: (...said: unknown[]) => void warnings.push(said) },
  });
});

afterEach(async () => {
  source.close();
  await server.close();
});

const knows = async (set: KeySet | null, kid: string): Promise<boolean> =>
  (await set?.candidates({ alg: "ES256", kid }))?.length === 1;

/** Until a fetch that nobody waits for has come to its end. */
async function settled(fetches: number): Promise<void> {
  while (server.fetches < fetches) await new Promise((resolve) => setImmediate(resolve));
  const set = await source.known();
  await source.newerThan(set).catch(() => null);
}

test("nothing is fetched before the first request, and requests at once share one fetch", async () => {
  assert.equal(server.fetches, 0);
  const sets = await Promise.all(Array.from({ length: 20 }, () => source.current()));
  assert.equal(server.fetches, 1);
  assert.equal(new Set(sets).size, 1);
  assert.ok(await knows(sets[0] ?? null, "a"));
});

test("a set is used for five minutes; an older one is fetched anew before it is used", async () => {
  const set = await source.current();
  server.answer.body = keySetText(second);
  elapsedMs = 5 * MINUTE - 1;
  assert.equal(await source.current(), set);
  assert.equal(server.fetches, 1);
  elapsedMs = 5 * MINUTE;
  const newer = await source.current();
  assert.ok(!(await knows(newer, "a")), "a key that was taken out is gone");
  assert.ok(await knows(newer, "b"));
});

test("an unknown key has the set fetched, but not within 30 seconds of the last fetch, however many come", async () => {
  const set = await source.current();
  server.answer.body = keySetText(first, second);
  elapsedMs = 29_999;
  for (const newer of await Promise.all(Array.from({ length: 100 }, () => source.newerThan(set))))
    assert.equal(newer, null);
  assert.equal(server.fetches, 1);
  elapsedMs = 30_000;
  for (const newer of await Promise.all(Array.from({ length: 100 }, () => source.newerThan(set))))
    assert.ok(await knows(newer, "b"));
  assert.equal(server.fetches, 2);
});

test("while the URL is down the known set is used for 24 hours, and then nobody is recognised", async () => {
  const set = await source.current();
  server.answer = { status: 0, body: "" };
  elapsedMs = 10 * MINUTE;
  assert.equal(await source.current(), set);
  elapsedMs = 24 * HOUR - 1;
  assert.equal(await source.current(), set);
  elapsedMs = 24 * HOUR;
  assert.equal((await refusalOf(() => source.known())).code, "PERMISSION_UNAVAILABLE");
  await settled(3).catch(() => null);
  elapsedMs += 5000;
  const refusal = await refusalOf(() => source.current());
  assert.equal(refusal.code, "PERMISSION_UNAVAILABLE");
  assert.equal(refusal.retryAfterSeconds, 5);
  server.answer = { status: 200, body: keySetText(second) };
  elapsedMs += 5000;
  assert.ok(await knows(await source.current(), "b"));
});

test("nobody waits for a URL that is known to be down", async () => {
  const set = await source.current();
  server.answer = { status: 0, body: "" };
  elapsedMs = 10 * MINUTE;
  await source.current();
  let open = () => {};
  server.gate = new Promise((resolve) => {
    open = resolve;
  });
  elapsedMs = 11 * MINUTE;
  assert.equal(await source.current(), set, "the fetch under way is not waited for");
  server.answer = { status: 200, body: keySetText(second) };
  open();
  await settled(3);
  assert.ok(await knows(await source.current(), "b"));
});

test("whether an unknown key is there by now cannot be said while the URL is down", async () => {
  const set = await source.current();
  server.answer = { status: 500, body: "" };
  elapsedMs = MINUTE;
  const refusal = await refusalOf(() => source.newerThan(set));
  assert.equal(refusal.code, "PERMISSION_UNAVAILABLE");
  assert.equal(refusal.retryAfterSeconds, 30);
  assert.equal(server.fetches, 2);
  assert.equal((await refusalOf(() => source.newerThan(set))).code, "PERMISSION_UNAVAILABLE");
  assert.equal(server.fetches, 2, "it is not asked again at once");
  assert.equal(warnings.length, 1);
});

test("with no set at all the URL is tried again after five seconds, and the answer says when", async () => {
  server.answer = { status: 503, body: "" };
  const refusal = await refusalOf(() => source.current());
  assert.equal(refusal.code, "PERMISSION_UNAVAILABLE");
  assert.equal(refusal.status, 503);
  assert.equal(refusal.retryAfterSeconds, 5);
  elapsedMs = 3000;
  assert.equal((await refusalOf(() => source.current())).retryAfterSeconds, 2);
  assert.equal(server.fetches, 1);
  server.answer = { status: 200, body: keySetText(first) };
  elapsedMs = 5000;
  assert.ok(await knows(await source.current(), "a"));
});

test("a redirect, a page instead of keys and an endless answer are failures, and the known set goes on to be used", async () => {
  const set = await source.current();
  const elsewhere = await openKeyServer(second);
  for (const answer of [
    { status: 302, body: "", headers: { location: elsewhere.url } },
    { status: 200, body: "<html>Sign in</html>" },
    { status: 200, body: keySetText(second) + " ".repeat(300 * 1024) },
    { status: 204, body: "" },
    { status: 404, body: keySetText(second) },
  ]) {
    server.answer = answer;
    const fetches = server.fetches;
    elapsedMs += HOUR;
    assert.equal((await refusalOf(() => source.newerThan(set))).code, "PERMISSION_UNAVAILABLE");
    assert.equal(server.fetches, fetches + 1);
    assert.equal(await source.current(), set);
  }
  assert.equal(elsewhere.fetches, 0);
  await elsewhere.close();
});

test("a fetch under way is broken off when the gate stops", async () => {
  server.gate = new Promise(() => {});
  const waiting = refusalOf(() => source.current());
  while (server.fetches === 0) await new Promise((resolve) => setImmediate(resolve));
  source.close();
  assert.equal((await waiting).code, "PERMISSION_UNAVAILABLE");
});

test("keys are taken over TLS, or from this machine", () => {
  for (const url of [
    "https://id.example.com/jwks",
    "http://localhost:1/j",
    "http://[::1]/j",
    "http://127.9.9.9/j",
  ])
    assert.doesNotThrow(() => keySetUrl(url));
  for (const url of [
    "http://id.example.com/jwks",
    "http://localhost.example.com/",
    "http://127.0.0.1.example.com/",
    "http://10.0.0.1/",
    "file:///etc/jwks.json",
    "data:application/json,{}",
  ])
    assert.throws(() => keySetUrl(url), { code: "SETTINGS_INVALID" }, url);
});
