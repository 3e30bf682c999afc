import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { compactVerify } from "jose";
import {
  type KeyServer,
  keySetText,
  makeSigner,
  openKeyServer,
  token,
} from "../../../test/permissions/token-signer.ts";
import { openKeySource } from "./key-source.ts";

const first = makeSigner("a");
const second = makeSigner("b");
const text = token(first, { sub: "user-7" });
let server: KeyServer;
let elapsedMs = 0;

before(async () => {
  server = await openKeyServer(first);
});

after(() => server.close());

const published = () =>
  openKeySource({ secret: null, jwksFile: null, jwksUrl: server.url }, { elapsedMs: () => elapsedMs });

test("a verification says which key it held with, and whether that key still counts", async () => {
  const keys = published();
  const verified = await keys.verify({ alg: "ES256", kid: "a" }, (key) => compactVerify(text, key));
  assert.ok(verified !== null);
  assert.equal(verified.value.protectedHeader.kid, "a");
  assert.equal(await keys.holds(verified.keyId), true);
  assert.equal(await keys.holds("another"), false);
});

test("an HMAC is not checked with public keys, and nobody is asked for more of them", async () => {
  const keys = published();
  const { fetches } = server;
  assert.equal(await keys.verify({ alg: "HS256", kid: "a" }, () => assert.fail("a key was tried")), null);
  assert.equal(server.fetches, fetches);
});

test("a secret is tried for HMACs alone", async () => {
  const keys = openKeySource({ secret: "a secret", jwksFile: null, jwksUrl: null });
  for (const alg of ["RS256", "ES256", "none", "hs256"])
    assert.equal(await keys.verify({ alg, kid: null }, () => assert.fail("the secret was tried")), null);
  const tried = await keys.verify({ alg: "HS256", kid: "whichever" }, async (key) => key);
  assert.deepEqual(tried?.value, new TextEncoder().encode("a secret"));
  assert.equal(await keys.holds(tried?.keyId ?? ""), true);
});

test("a bad signature of a key that is known and named is no reason to fetch", async () => {
  const keys = published();
  const forged = token({ ...second, kid: "a" }, {});
  elapsedMs += 60_000;
  await keys.verify({ alg: "ES256", kid: "a" }, (key) => compactVerify(text, key));
  const { fetches } = server;
  elapsedMs += 60_000;
  assert.equal(await keys.verify({ alg: "ES256", kid: "a" }, (key) => compactVerify(forged, key)), null);
  assert.equal(server.fetches, fetches);
});

test("a token that names no key may be of one that came since", async () => {
  const keys = published();
  const unnamed = token(second, {}, { kid: undefined });
  await keys.verify({ alg: "ES256", kid: "a" }, (key) => compactVerify(text, key));
  server.answer.body = keySetText(first, second);
  elapsedMs += 60_000;
  const verified = await keys.verify({ alg: "ES256", kid: null }, (key) => compactVerify(unnamed, key));
  assert.ok(verified !== null);
});

test("what goes wrong otherwise than by the signature is passed on", async () => {
  const fault = new Error("another fault");
  const failing = published().verify({ alg: "ES256", kid: "a" }, () => Promise.reject(fault));
  await assert.rejects(failing, fault);
});
