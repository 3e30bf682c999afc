import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SignJWT } from "jose";
import {
  bearer,
  flowFor,
  publicText,
  refusalOf,
  requestWith,
} from "../../../test/permissions/caller-requests.ts";
import {
  type Json,
  type KeyServer,
  keySetText,
  makeSigner,
  openKeyServer,
  token,
} from "../../../test/permissions/token-signer.ts";
import type { GateError } from "../../problems/gate-error.ts";
import type { JwtSettings } from "../../settings/settings.ts";
import type { CallerCheck } from "../caller.ts";
import { openKeySource } from "../key-sets/key-source.ts";
import { jwtCaller } from "./jwt.ts";

const FLOW = flowFor("jwt");
const NOW = 1_800_000_000;
const CLAIMS = { iss: "https://id.example.com/", aud: "uploads", sub: "user-7", exp: NOW + 600 };
const signers = {
  rsa: makeSigner("rsa", "RS256"),
  ec: makeSigner("ec", "ES256"),
  ed: makeSigner("ed", "EdDSA"),
};
const folder = mkdtempSync(join(tmpdir(), "sluicegate-jwt-"));
let server: KeyServer;
let check: CallerCheck;
let elapsedMs = 0;

function settingsFor(more: Partial<JwtSettings>): JwtSettings {
  return {
    issuer: CLAIMS.iss,
    audience: CLAIMS.aud,
    keys: { secret: null, jwksFile: null, jwksUrl: server.url },
    algorithms: ["RS256", "ES256", "EdDSA"],
    clockSkewMs: 30_000,
    principalClaim: "sub",
    ...more,
  };
}

function callerFor(more: Partial<JwtSettings> = {}): CallerCheck {
  const settings = settingsFor(more);
  const keys = openKeySource(settings.keys, { elapsedMs: () => elapsedMs });
  return jwtCaller(settings, keys, () => NOW * 1000);
}

before(async () => {
  server = await openKeyServer(...Object.values(signers));
  check = callerFor();
});

after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const refusalFor = (claims: Json | string, by = check): Promise<GateError> =>
  refusalOf(() => by.admit(FLOW, bearer(token(signers.ec, claims))));

test("a token of each kind of key admits its subject, and its header may go on to the service", async () => {
  for (const signer of Object.values(signers)) {
    const admission = await check.admit(FLOW, bearer(token(signer, CLAIMS)));
    assert.equal(admission.principal, "user-7");
    assert.equal(admission.grant, null);
    assert.equal(admission.consumedHeaders, undefined);
    assert.equal(await check.identify(FLOW, bearer(token(signer, CLAIMS))), "user-7");
  }
});

test("a token that jose signed is taken", async () => {
  const signed = await new SignJWT({ name: "Jo" })
    .setProtectedHeader({ alg: "RS256", kid: "rsa", typ: "JWT" })
    .setIssuer(CLAIMS.iss)
    .setAudience(["others", "uploads"])
    .setSubject("user-8")
    .setIssuedAt(NOW)
    .setNotBefore(NOW)
    .setExpirationTime(NOW + 60)
    .sign(signers.rsa.privateKey);
  assert.equal(await check.identify(FLOW, bearer(signed)), "user-8");
});

test("a token signed with the shared secret is taken where the settings name a secret", async () => {
  const secret = "a secret of at least thirty-two bytes, or longer";
  const by = callerFor({ keys: { secret, jwksFile: null, jwksUrl: null }, algorithms: ["HS256"] });
  const sign = (key: string) =>
    new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(key));
  const admission = await by.admit(FLOW, bearer(await sign(secret)));
  assert.equal(admission.principal, "user-7");
  await admission.confirm();
  const other = await sign(`${secret}!`);
  assert.equal((await refusalOf(() => by.admit(FLOW, bearer(other)))).code, "CREDENTIALS_INVALID");
});

test("the audience must be the gate's, alone or in a list", async () => {
  for (const aud of ["uploads", ["uploads"], ["a", "uploads", "b"]])
    assert.equal(await check.identify(FLOW, bearer(token(signers.ec, { ...CLAIMS, aud }))), "user-7");
  for (const aud of [
    "other",
    "Uploads",
    "uploads ",
    [],
    ["a", "b"],
    [["uploads"]],
    { uploads: true },
    null,
    7,
    undefined,
  ]) {
    const refusal = await refusalFor({ ...CLAIMS, aud });
    assert.equal(refusal.code, "CREDENTIALS_INVALID", JSON.stringify(aud));
    assert.equal(refusal.message, "The token is for another audience.");
  }
});

test("the issuer must be exactly the one of the settings", async () => {
  for (const iss of ["https://id.example.com", "https://ID.example.com/", [CLAIMS.iss], null, undefined])
    assert.equal((await refusalFor({ ...CLAIMS, iss })).message, "The token is of another issuer.");
});

test("a token is taken from its beginning to its end, and the clocks may differ by the skew", async () => {
  const goodTimes: readonly Json[] = [
    { exp: NOW - 29 },
    { exp: NOW + 0.5 },
    { nbf: NOW + 30 },
    { iat: NOW + 30 },
    { iat: NOW - 1_000_000 },
  ];
  for (const times of goodTimes)
    assert.equal(await check.identify(FLOW, bearer(token(signers.ec, { ...CLAIMS, ...times }))), "user-7");
  const badTimes: readonly (readonly [Json, RegExp])[] = [
    [{ exp: NOW - 30 }, /expired/],
    [{ exp: 0 }, /expired/],
    [{ exp: -1 }, /expired/],
    [{ nbf: NOW + 31 }, /not valid yet/],
    [{ iat: NOW + 31 }, /not valid yet/],
    [{ exp: undefined }, /until when/],
    [{ exp: null }, /until when/],
    [{ exp: String(NOW + 600) }, /until when/],
    [{ nbf: "0" }, /not valid yet/],
    [{ iat: "0" }, /not valid yet/],
  ];
  for (const [times, says] of badTimes) {
    const refusal = await refusalFor({ ...CLAIMS, ...times });
    assert.equal(refusal.code, "CREDENTIALS_INVALID");
    assert.match(refusal.message, says, JSON.stringify(times));
  }
});

test("a time that is no number does not make a token that never ends", async () => {
  const claims = JSON.stringify(CLAIMS);
  for (const [from, to] of [
    [String(CLAIMS.exp), "1e999"],
    [String(CLAIMS.exp), `${CLAIMS.exp},"iat":1e999`],
    [String(CLAIMS.exp), `${CLAIMS.exp},"nbf":1e999`],
  ] as const)
    assert.equal((await refusalFor(claims.replace(from, to))).code, "CREDENTIALS_INVALID", to);
});

test("the principal is the claim that the settings name, and must be fit to be a name", async () => {
  const by = callerFor({ principalClaim: "email" });
  const email = "jo@example.com";
  assert.equal(await by.identify(FLOW, bearer(token(signers.ec, { ...CLAIMS, email }))), email);
  for (const sub of [
    "",
    " ",
    "a\nb",
    "a\u0000",
    "a\u202eb",
    "x".repeat(201),
    7,
    null,
    ["a"],
    { a: 1 },
    undefined,
  ]) {
    const refusal = await refusalFor({ ...CLAIMS, sub });
    assert.equal(refusal.message, "The token does not name who sends.", JSON.stringify(sub));
  }
  const inherited = callerFor({ principalClaim: "toString" });
  assert.equal((await refusalFor(CLAIMS, inherited)).code, "CREDENTIALS_INVALID");
});

test("every value that the flow requires of a claim must be among the token's", async () => {
  const flow = flowFor("jwt", { scope: ["upload", "upload:big"], roles: ["editor"] });
  const admits = (more: Json) => check.identify(flow, bearer(token(signers.ec, { ...CLAIMS, ...more })));
  assert.equal(await admits({ scope: "a upload:big upload", roles: ["x", "editor"] }), "user-7");
  assert.equal(await admits({ scope: ["upload", "upload:big"], roles: "editor" }), "user-7");
  for (const more of [
    { roles: ["editor"] },
    { scope: "upload", roles: ["editor"] },
    { scope: "upload upload:bigger", roles: ["editor"] },
    { scope: ["upload upload:big"], roles: ["editor"] },
    { scope: "upload,upload:big", roles: ["editor"] },
    { scope: { upload: true, "upload:big": true }, roles: ["editor"] },
  ]) {
    const refusal = await refusalOf(() => admits(more));
    assert.equal(refusal.code, "PERMISSION_DENIED", JSON.stringify(more));
    assert.equal(refusal.status, 403);
    assert.match(
      String(refusal.details.challenge),
      /error="insufficient_scope".*, scope="upload upload:big"$/,
    );
  }
  const noRole = await refusalOf(() => admits({ scope: "upload upload:big", roles: ["Editor"] }));
  assert.equal(noRole.code, "PERMISSION_DENIED");
  assert.doesNotMatch(String(noRole.details.challenge), /scope="/);
});

test("no refusal repeats anything of the token", async () => {
  const claims = { ...CLAIMS, exp: NOW - 600, email: "jo@example.com" };
  const text = token(signers.ec, claims);
  const refusal = await refusalOf(() => check.admit(FLOW, bearer(text)));
  for (const part of [...text.split("."), "jo@example.com", "user-7"])
    assert.ok(!publicText(refusal).includes(part));
  assert.match(String(refusal.details.challenge), /^Bearer realm="avatars", error="invalid_token", /);
});

test("a token in the query counts for nothing", async () => {
  const request = requestWith([], `/avatars?access_token=${token(signers.ec, CLAIMS)}`);
  assert.equal((await refusalOf(() => check.admit(FLOW, request))).code, "CREDENTIALS_MISSING");
});

test("after a rotation new tokens are taken at once, and an upload of a retired key is stopped", async () => {
  const [old, next] = [makeSigner("2026-01"), makeSigner("2026-02")];
  const rotating = await openKeyServer(old);
  const by = callerFor({ keys: { secret: null, jwksFile: null, jwksUrl: rotating.url } });
  const admission = await by.admit(FLOW, bearer(token(old, CLAIMS)));
  rotating.answer.body = keySetText(old, next);
  elapsedMs += 30_000;
  assert.equal(await by.identify(FLOW, bearer(token(next, CLAIMS))), "user-7");
  await admission.confirm();
  rotating.answer.body = keySetText(next);
  elapsedMs += 300_000;
  await admission.confirm();
  assert.equal(rotating.fetches, 2, "the end of an upload asks nobody");
  await by.identify(FLOW, bearer(token(next, CLAIMS)));
  assert.equal((await refusalOf(() => admission.confirm())).code, "PERMISSION_REVOKED");
  assert.equal(
    (await refusalOf(() => by.admit(FLOW, bearer(token(old, CLAIMS))))).code,
    "CREDENTIALS_INVALID",
  );
  await rotating.close();
});

test("a flood of tokens with unknown keys causes one fetch, and good tokens pass meanwhile", async () => {
  const flooded = await openKeyServer(signers.ec);
  const by = callerFor({ keys: { secret: null, jwksFile: null, jwksUrl: flooded.url } });
  await by.identify(FLOW, bearer(token(signers.ec, CLAIMS)));
  elapsedMs += 60_000;
  const stranger = makeSigner("x");
  const flood = Array.from({ length: 200 }, (_, index) =>
    refusalOf(() => by.admit(FLOW, bearer(token({ ...stranger, kid: `x${index}` }, CLAIMS)))),
  );
  assert.equal(await by.identify(FLOW, bearer(token(signers.ec, CLAIMS))), "user-7");
  for (const refusal of await Promise.all(flood)) assert.equal(refusal.code, "CREDENTIALS_INVALID");
  assert.equal(flooded.fetches, 2);
  await flooded.close();
});

test("a token without a kid is tried with each key of its algorithm", async () => {
  const [one, two] = [makeSigner("1"), makeSigner("2")];
  const file = join(folder, "without-kid.json");
  writeFileSync(file, JSON.stringify({ keys: [one.jwk, two.jwk] }));
  const by = callerFor({ keys: { secret: null, jwksFile: file, jwksUrl: null } });
  const anonymous = { kid: undefined };
  const admission = await by.admit(FLOW, bearer(token(two, CLAIMS, anonymous)));
  assert.equal(admission.principal, "user-7");
  writeFileSync(file, JSON.stringify({ keys: [one.jwk] }));
  elapsedMs += 1000;
  assert.equal((await refusalOf(() => admission.confirm())).code, "PERMISSION_REVOKED");
});

test("while the keys cannot be had at all, the answer is a 503 with the time of the next try", async () => {
  const down = await openKeyServer();
  down.answer = { status: 500, body: "" };
  const by = callerFor({ keys: { secret: null, jwksFile: null, jwksUrl: down.url } });
  const refusal = await refusalOf(() => by.admit(FLOW, bearer(token(signers.ec, CLAIMS))));
  assert.equal(refusal.code, "PERMISSION_UNAVAILABLE");
  assert.equal(refusal.retryAfterSeconds, 5);
  assert.ok(!publicText(refusal).includes(down.url));
  await down.close();
});
