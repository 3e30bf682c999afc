/**
 * Tokens that an attacker makes without a key that counts, or bends around one that does. RFC 8725 section 2.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { bearer, flowFor, publicText, refusalOf } from "../../../test/permissions/caller-requests.ts";
import {
  type Json,
  type KeyServer,
  makeSigner,
  openKeyServer,
  type Signer,
  segment,
  token,
} from "../../../test/permissions/token-signer.ts";
import type { JwtSettings } from "../../settings/settings.ts";
import type { CallerCheck } from "../caller.ts";
import { openKeySource } from "../key-sets/key-source.ts";
import { jwtCaller } from "./jwt.ts";

const FLOW = flowFor("jwt");
const NOW = 1_800_000_000;
const CLAIMS = { iss: "https://id.example.com/", aud: "uploads", sub: "user-7", exp: NOW + 600 };
const rsa = makeSigner("rsa", "RS256");
const ec = makeSigner("ec", "ES256");
/** Says that its key is one of the provider's. */
const forger: Signer = { ...makeSigner("ec", "ES256") };
/** As careless as settings could be: every algorithm is on the list. */
const ALL = ["none", "HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"];
let server: KeyServer;
let elsewhere: KeyServer;
let checks: readonly CallerCheck[];

before(async () => {
  server = await openKeyServer(rsa, ec);
  elsewhere = await openKeyServer(forger);
  const settings: JwtSettings = {
    issuer: CLAIMS.iss,
    audience: CLAIMS.aud,
    keys: { secret: null, jwksFile: null, jwksUrl: server.url },
    algorithms: ["RS256", "ES256"],
    clockSkewMs: 0,
    principalClaim: "sub",
  };
  checks = [settings.algorithms, ALL].map((algorithms) =>
    jwtCaller({ ...settings, algorithms }, openKeySource(settings.keys), () => NOW * 1000),
  );
});

after(async () => {
  await server.close();
  await elsewhere.close();
});

async function assertRefused(text: string, what: string): Promise<void> {
  for (const check of checks) {
    const refusal = await refusalOf(() => check.admit(FLOW, bearer(text)));
    assert.equal(refusal.code, "CREDENTIALS_INVALID", what);
    assert.equal(refusal.status, 401);
    for (const part of text.split(".").filter((one) => one.length > 8))
      assert.ok(!publicText(refusal).includes(part), what);
  }
}

const unsigned = (header: Json): string => `${segment(header)}.${segment(CLAIMS)}`;

test("the twin of every attack here is taken: the same claims, honestly signed", async () => {
  for (const check of checks)
    for (const signer of [rsa, ec])
      assert.equal(await check.identify(FLOW, bearer(token(signer, CLAIMS))), "user-7");
});

test("a token without a signature is refused, however `none` is written and whatever stands in its place", async () => {
  const good = token(ec, CLAIMS);
  for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
    for (const signature of ["", "AA", good.split(".")[2] ?? ""])
      await assertRefused(`${unsigned({ alg, kid: "ec" })}.${signature}`, `${alg} with "${signature}"`);
  }
  await assertRefused(`${unsigned({ alg: "none" })}`, "two segments");
  await assertRefused(`${good.slice(0, good.lastIndexOf(".") + 1)}`, "empty signature");
  await assertRefused(good.slice(0, good.lastIndexOf(".")), "signature cut off");
});

test("an HMAC keyed with a public key of the provider is refused, in every form that the key can be written", async () => {
  const { publicKey, jwk, kid } = rsa;
  const keys = [
    publicKey.export({ type: "spki", format: "pem" }),
    String(publicKey.export({ type: "spki", format: "pem" })).trim(),
    publicKey.export({ type: "spki", format: "der" }),
    publicKey.export({ type: "pkcs1", format: "pem" }),
    JSON.stringify(jwk),
    String(jwk.n),
    Buffer.from(String(jwk.n), "base64url"),
    "",
  ];
  for (const alg of ["HS256", "HS384", "HS512"]) {
    for (const key of keys) {
      const signed = unsigned({ alg, kid });
      const mac = createHmac(alg.replace("HS", "sha"), key).update(signed).digest("base64url");
      await assertRefused(`${signed}.${mac}`, alg);
    }
  }
});

test("a public key cannot stand in for a secret either: with a secret, only HMACs count", async () => {
  const secret = "a secret of at least thirty-two bytes, or longer";
  const settings: JwtSettings = {
    issuer: CLAIMS.iss,
    audience: CLAIMS.aud,
    keys: { secret, jwksFile: null, jwksUrl: null },
    algorithms: ALL,
    clockSkewMs: 0,
    principalClaim: "sub",
  };
  const check = jwtCaller(settings, openKeySource(settings.keys), () => NOW * 1000);
  const texts = [token(rsa, CLAIMS), token(ec, CLAIMS, { jwk: ec.jwk }), `${unsigned({ alg: "none" })}.AA`];
  for (const text of texts)
    assert.equal((await refusalOf(() => check.admit(FLOW, bearer(text)))).code, "CREDENTIALS_INVALID");
});

test("a key, a certificate or an address in the token is nothing to the gate", async () => {
  const stranger = makeSigner("stranger");
  for (const signer of [forger, stranger]) {
    const certificate = [Buffer.from("a certificate").toString("base64")];
    for (const header of [
      { jwk: signer.jwk },
      { jku: elsewhere.url },
      { x5u: elsewhere.url },
      { x5c: certificate },
      { kid: "../../etc/passwd", jwk: signer.jwk },
      { kid: elsewhere.url, jku: elsewhere.url },
      { kid: "' OR 1=1 --" },
      { kid: undefined, jwk: signer.jwk },
    ])
      await assertRefused(token(signer, CLAIMS, header), JSON.stringify(Object.keys(header)));
  }
  assert.equal(elsewhere.fetches, 0);
  const honest = token(ec, CLAIMS, { jku: elsewhere.url, x5t: "abc" });
  assert.equal(await checks[0]?.identify(FLOW, bearer(honest)), "user-7");
  assert.equal(elsewhere.fetches, 0);
});

test("a forged signature, one of another key, algorithm or token is refused", async () => {
  const good = token(ec, CLAIMS);
  const [head = "", , signature = ""] = good.split(".");
  await assertRefused(token(forger, CLAIMS), "another key under the same kid");
  await assertRefused(token({ ...rsa, kid: "ec" }, CLAIMS), "an RSA signature for an EC key");
  await assertRefused(token(rsa, CLAIMS, { alg: "ES256" }), "RSA called ES256");
  await assertRefused(token(ec, CLAIMS, { alg: "RS256" }), "EC called RS256");
  await assertRefused(`${head}.${segment({ ...CLAIMS, sub: "admin" })}.${signature}`, "other claims");
  await assertRefused(
    `${segment({ alg: "ES256", kid: "ec", typ: "JWT" })}.${good.split(".")[1]}.${signature}`,
    "other header",
  );
  // CVE-2022-21449: an ECDSA signature of zeros.
  await assertRefused(
    `${unsigned({ alg: "ES256", kid: "ec" })}.${Buffer.alloc(64).toString("base64url")}`,
    "r = s = 0",
  );
});

test("a token has one spelling: other spare bits, padding, spaces and other alphabets are refused", async () => {
  const good = token(ec, CLAIMS);
  const [head = "", body = "", signature = ""] = good.split(".");
  // 64 bytes end in a character with four spare bits: the next character of the alphabet decodes to the same bytes.
  const last = signature.at(-1) ?? "";
  const respelt = signature.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
  assert.deepEqual(Buffer.from(respelt, "base64url"), Buffer.from(signature, "base64url"));
  for (const text of [
    `${head}.${body}.${respelt}`,
    `${head}.${body}.${signature}==`,
    `${head}=.${body}.${signature}`,
    `${good}.`,
    `.${good}`,
    `${good}.${signature}`,
    `${head}..${signature}`,
    `${head}.${body}.${signature}.AAAA.AAAA`,
    "..",
    "a.b.c",
  ])
    await assertRefused(text, text.slice(-20));
});

test("a claim or a header that is said twice is refused, though it is signed", async () => {
  const claims = JSON.stringify(CLAIMS);
  for (const twice of [
    claims.replace("{", '{"sub":"admin",'),
    claims.replace("}", ',"sub":"admin"}'),
    claims.replace("}", ',"\\u0073ub":"admin"}'),
    claims.replace("}", ',"exp":9999999999}'),
  ])
    await assertRefused(token(ec, twice), twice);
  for (const header of ['{"alg":"none","alg":"ES256","kid":"ec"}', '{"alg":"ES256","kid":"rsa","kid":"ec"}'])
    await assertRefused(token(ec, CLAIMS, header), header);
});

test("a statement of another kind does not pass for a token", async () => {
  for (const typ of [
    "sluicegate-grant+jwt",
    "sluicegate-receipt+jwt",
    "dpop+jwt",
    "logout+jwt",
    "JOSE",
    "",
    7,
    ["JWT"],
    null,
  ])
    await assertRefused(token(ec, CLAIMS, { typ }), String(typ));
  for (const typ of ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"])
    assert.equal(await checks[0]?.identify(FLOW, bearer(token(ec, CLAIMS, { typ }))), "user-7", typ);
});

test("an extension that must be understood is not, whichever it is", async () => {
  for (const header of [
    { crit: ["exp"], exp: 1 },
    { crit: ["b64"], b64: false },
    { crit: ["b64"], b64: true },
    { crit: [] },
    { crit: null },
    { crit: "b64" },
  ])
    await assertRefused(token(ec, CLAIMS, header), JSON.stringify(header));
});

test("what is signed and is no set of claims is refused", async () => {
  for (const claims of ["", "null", "[]", "7", '"text"', "{", "not JSON", '\ufeff{"a":1}', '{"a":"\\ud800"'])
    await assertRefused(token(ec, claims), JSON.stringify(claims));
  const header = { alg: ["ES256"], kid: "ec" };
  await assertRefused(token(ec, CLAIMS, header), "alg is a list");
  await assertRefused(token(ec, CLAIMS, { kid: 7 }), "kid is a number");
  await assertRefused(token(ec, CLAIMS, "[]"), "header is a list");
});

test("an algorithm that is not on the list is refused, though the key is right", async () => {
  const settings = { issuer: CLAIMS.iss, audience: CLAIMS.aud, clockSkewMs: 0, principalClaim: "sub" };
  const keys = { secret: null, jwksFile: null, jwksUrl: server.url };
  const check = jwtCaller(
    { ...settings, keys, algorithms: ["RS256"] },
    openKeySource(keys),
    () => NOW * 1000,
  );
  const refusal = await refusalOf(() => check.admit(FLOW, bearer(token(ec, CLAIMS))));
  assert.equal(refusal.code, "CREDENTIALS_INVALID");
  assert.equal(refusal.expected, "RS256");
});
