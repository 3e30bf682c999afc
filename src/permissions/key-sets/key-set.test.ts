import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { calculateJwkThumbprint } from "jose";
import { keySetText, makeSigner } from "../../../test/permissions/token-signer.ts";
import { readKeySet } from "./key-set.ts";

const first = makeSigner("a");
const second = makeSigner("b");

test("a key is found by its kid and alg, and known by its thumbprint", async () => {
  const set = await readKeySet(keySetText(first, second));
  const found = await set.candidates({ alg: "ES256", kid: "b" });
  const id = await calculateJwkThumbprint(second.jwk);
  assert.deepEqual(
    found.map((one) => one.id),
    [id],
  );
  assert.ok(set.has(id));
  assert.ok(!(await readKeySet(keySetText(first))).has(id));
});

test("another key under the same kid is another key", async () => {
  const { id = "" } =
    (await (await readKeySet(keySetText(first))).candidates({ alg: "ES256", kid: "a" }))[0] ?? {};
  assert.notEqual(id, "");
  assert.ok(!(await readKeySet(keySetText(makeSigner("a")))).has(id));
});

test("a key for another alg, for encryption, or of another kid is no candidate", async () => {
  const set = await readKeySet(
    JSON.stringify({
      keys: [
        { ...first.jwk, kid: "enc", use: "enc" },
        { ...first.jwk, kid: "es", alg: "ES256" },
        { ...first.jwk, kid: "ops", key_ops: ["encrypt"] },
        { ...first.jwk, kid: undefined },
      ],
    }),
  );
  for (const hint of [
    { alg: "ES256", kid: "enc" },
    { alg: "RS256", kid: "es" },
    { alg: "ES384", kid: "es" },
    { alg: "HS256", kid: "es" },
    { alg: "none", kid: "es" },
    { alg: "ES256", kid: "ops" },
    { alg: "ES256", kid: "" },
  ])
    assert.deepEqual(await set.candidates(hint), [], JSON.stringify(hint));
  assert.equal((await set.candidates({ alg: "ES256", kid: null })).length, 2);
});

test("without a kid no more than eight keys are tried", async () => {
  const set = await readKeySet(JSON.stringify({ keys: Array.from({ length: 20 }, () => first.jwk) }));
  assert.equal((await set.candidates({ alg: "ES256", kid: null })).length, 8);
});

test("keys that cannot be used are passed over, and the others are there", async () => {
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
  const unusable = [short, { kty: "unheard-of" }, { kty: "EC", crv: "P-256" }, {}, null, 7, "key", []];
  const set = await readKeySet(JSON.stringify({ keys: [...unusable, first.jwk] }));
  assert.equal(set.size, 1);
  assert.equal((await set.candidates({ alg: "RS256", kid: null })).length, 0);
  assert.equal((await set.candidates({ alg: "ES256", kid: "a" })).length, 1);
});

test("a key that is on no curve is passed over when it is asked for", async () => {
  const broken = { ...first.jwk, x: Buffer.alloc(32, 1).toString("base64url") };
  const set = await readKeySet(JSON.stringify({ keys: [broken] }));
  assert.deepEqual(await set.candidates({ alg: "ES256", kid: "a" }), []);
});

test("a set with a private or secret key is refused, and nothing of it is said", async () => {
  const secret = { kty: "oct", k: "c2VjcmV0LW9mLXNvbWVib2R5" };
  for (const key of [first.privateKey.export({ format: "jwk" }), secret]) {
    const text = JSON.stringify({ keys: [second.jwk, key] });
    await assert.rejects(readKeySet(text), (error: Error) => {
      assert.match(error.message, /private or secret key/);
      assert.doesNotMatch(error.message, /c2VjcmV0/);
      return true;
    });
  }
});

test("what is no JWK Set, or too large a one, is refused without a word of it", async () => {
  const texts = ["", "PRIVATE!", "[]", "null", "{}", '{"keys":{}}', '{"keys":"PRIVATE"}'];
  for (const text of [...texts, JSON.stringify({ keys: Array.from({ length: 101 }, () => first.jwk) })])
    await assert.rejects(readKeySet(text), (error: Error) => !error.message.includes("PRIVATE"));
});
