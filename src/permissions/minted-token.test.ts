import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  bearing,
  flowWith,
  GATE,
  GRANT_HEADER,
  grantClaims,
  grantSettings,
  isCode,
  NOW_MS,
  requestWith,
  SECRET,
  sign,
} from "../../test/permissions/minted-by-hand.ts";
import type { GrantSettings } from "../settings/settings.ts";
import { grantCaller } from "./callers/grant.ts";
import { jwtCaller } from "./callers/jwt.ts";
import { verifyDownloadLink } from "./download-link.ts";
import { openKeySource } from "./key-sets/key-source.ts";
import { mintedTokenKeys } from "./minted-token.ts";

const NOW = NOW_MS / 1000;
const flow = flowWith();
const ed25519 = generateKeyPairSync("ed25519");
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const UPLOAD_ID = "01jqzx4v0k5t8m3n7p9r2s6w4y";
const LINK_HEADER = { alg: "HS256", typ: "sluicegate-download+jwt" };
const LINK = { aud: GATE, sub: UPLOAD_ID, iat: NOW, exp: NOW + 60 };
let folder = "";
let files = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-minted-"));
});
after(() => rm(folder, { recursive: true }));

const jwk = (key: KeyObject, more: object = {}): object => ({ ...key.export({ format: "jwk" }), ...more });

const setOf = (...keys: readonly object[]): string => JSON.stringify({ keys });

async function keyFile(text: string): Promise<string> {
  files += 1;
  const path = join(folder, `${files}.json`);
  await writeFile(path, text);
  return path;
}

async function withKeys(...keys: readonly object[]): Promise<GrantSettings> {
  return grantSettings({ jwksFile: await keyFile(setOf(...keys)) });
}

async function admit(settings: GrantSettings, token: string): Promise<string> {
  const check = grantCaller(settings, {
    audience: GATE,
    records: { isGrantUsed: async () => false },
    clock: () => NOW_MS,
  });
  const admission = await check?.admit(flow, bearing(token));
  await admission?.confirm();
  return admission?.principal ?? "";
}

const refuses = (settings: GrantSettings, token: string, why?: RegExp): Promise<void> =>
  assert.rejects(admit(settings, token), isCode("CREDENTIALS_INVALID", why));

test("public keys of both kinds are taken, with a key id and without one", async () => {
  const settings = await withKeys(
    jwk(p256.publicKey, { kid: "ec-1" }),
    jwk(ed25519.publicKey, { kid: "ed-1", alg: "EdDSA", use: "sig" }),
    jwk(generateKeyPairSync("ed25519").publicKey),
  );
  for (const [alg, key, kid] of [
    ["EdDSA", ed25519.privateKey, "ed-1"],
    ["EdDSA", ed25519.privateKey, undefined],
    ["ES256", p256.privateKey, "ec-1"],
    ["ES256", p256.privateKey, undefined],
  ] as const) {
    const header = { ...GRANT_HEADER, alg, ...(kid === undefined ? {} : { kid }) };
    assert.equal(await admit(settings, await sign(grantClaims(), header, key)), "user-7");
  }
});

test("no algorithm but those of the settings' kind of key is taken", async () => {
  const secret = grantSettings();
  const keys = await withKeys(
    jwk(ed25519.publicKey),
    jwk(p256.publicKey),
    jwk(p384.publicKey),
    jwk(rsa.publicKey),
  );
  const plain = (await sign(grantClaims())).split(".");
  for (const alg of ["none", "None", "NONE", "", "hs256", "ES256"]) {
    const header = Buffer.from(JSON.stringify({ ...GRANT_HEADER, alg })).toString("base64url");
    await refuses(secret, `${header}.${plain[1]}.${plain[2]}`);
    await refuses(keys, `${header}.${plain[1]}.${plain[2]}`);
    await refuses(secret, `${header}.${plain[1]}.`);
    await refuses(keys, `${header}.${plain[1]}.`);
  }
  const long = new TextEncoder().encode(SECRET.repeat(2));
  const longSecret = grantSettings({ secret: SECRET.repeat(2) });
  for (const alg of ["HS384", "HS512"])
    await refuses(longSecret, await sign(grantClaims(), { ...GRANT_HEADER, alg }, long), /algorithm/);
  await refuses(secret, await sign(grantClaims(), { ...GRANT_HEADER, alg: "EdDSA" }, ed25519.privateKey));
  await refuses(
    keys,
    await sign(grantClaims(), { ...GRANT_HEADER, alg: "RS256" }, rsa.privateKey),
    /algorithm/,
  );
  await refuses(
    keys,
    await sign(grantClaims(), { ...GRANT_HEADER, alg: "ES384" }, p384.privateKey),
    /algorithm/,
  );
});

test("a public key is never the secret of an HMAC, in whatever form it is written", async () => {
  const publicJwk = jwk(rsa.publicKey);
  const settings = await withKeys(publicJwk, jwk(ed25519.publicKey), jwk(p256.publicKey));
  const spki = rsa.publicKey.export({ type: "spki", format: "der" });
  const forms = [
    String(rsa.publicKey.export({ type: "spki", format: "pem" })),
    JSON.stringify(publicJwk),
    setOf(publicJwk, jwk(ed25519.publicKey), jwk(p256.publicKey)),
  ];
  for (const key of [...forms.map((text) => new TextEncoder().encode(text)), new Uint8Array(spki)])
    await refuses(settings, await sign(grantClaims(), GRANT_HEADER, key), /algorithm/);
});

test("keys and addresses of keys in the token itself are nothing", async () => {
  const stranger = generateKeyPairSync("ed25519");
  const settings = await withKeys(jwk(ed25519.publicKey, { kid: "ed-1" }));
  const header = { ...GRANT_HEADER, alg: "EdDSA" };
  const url = "http://127.0.0.1:9/keys.json";
  for (const brought of [
    { jwk: jwk(stranger.publicKey) },
    { jku: url },
    { x5u: url },
    { kid: "ed-1" },
    { kid: url },
  ])
    await refuses(settings, await sign(grantClaims(), { ...header, ...brought }, stranger.privateKey));
});

test("a header with an extension, another type, or none is refused", async () => {
  const wrong = [
    undefined,
    "JWT",
    "at+jwt",
    "sluicegate-receipt+jwt",
    "sluicegate-download+jwt",
    "",
    7,
    null,
  ];
  for (const typ of wrong) {
    const text = JSON.stringify(typ === undefined ? { alg: "HS256" } : { alg: "HS256", typ });
    await refuses(grantSettings(), await signRaw(text), /another kind/);
  }
  await refuses(
    grantSettings(),
    await signRaw('{"alg":"HS256","typ":"sluicegate-grant+jwt","crit":["exp"],"exp":1}'),
  );
  await refuses(grantSettings(), await signRaw('{"alg":"HS256","typ":"sluicegate-grant+jwt","typ":"JWT"}'));
  assert.equal(
    await admit(grantSettings(), await signRaw('{"typ":"application/Sluicegate-Grant+JWT","alg":"HS256"}')),
    "user-7",
  );
});

/** A token with any header, as only the holder of the secret can make it. */
async function signRaw(header: string): Promise<string> {
  const signed = [header, JSON.stringify(grantClaims())]
    .map((text) => Buffer.from(text).toString("base64url"))
    .join(".");
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

test("a grant is no download link, a link is no grant, and neither is a token of a user", async () => {
  const settings = grantSettings();
  const rules = { settings, audience: GATE, nowMs: NOW_MS };
  const link = await sign(LINK, LINK_HEADER);
  const grant = await sign(grantClaims());
  const user = await sign({ iss: "https://id.example.com", ...LINK }, { alg: "HS256", typ: "JWT" });
  assert.equal((await verifyDownloadLink(link, rules)).uploadId, UPLOAD_ID);
  for (const token of [link, user]) await refuses(settings, token, /another kind/);
  for (const token of [grant, user])
    await assert.rejects(verifyDownloadLink(token, rules), isCode("LINK_INVALID", /another kind/));
  // With the claims of the other kind under the right type: a minter that mixes them up makes nothing that is taken.
  await refuses(settings, await sign({ ...LINK, file: 0 }));
  await assert.rejects(
    async () => verifyDownloadLink(await sign(grantClaims({ sub: UPLOAD_ID }), LINK_HEADER), rules),
    isCode("LINK_INVALID", /does not know/),
  );
  const jwt = jwtCaller(
    {
      issuer: "https://id.example.com",
      audience: GATE,
      keys: settings.keys,
      algorithms: ["HS256"],
      clockSkewMs: 0,
      principalClaim: "sub",
    },
    mintedTokenKeys(settings),
    () => NOW_MS,
  );
  await jwt.admit(flow, bearing(user));
  for (const token of [grant, link])
    await assert.rejects(jwt.admit(flow, bearing(token)), isCode("CREDENTIALS_INVALID"));
});

test("a receipt of the gate is no grant, even with its own keys in the settings", async () => {
  const settings = await withKeys(jwk(ed25519.publicKey));
  const receipt = await sign(
    {
      iss: GATE,
      aud: GATE,
      sub: UPLOAD_ID,
      flow: "avatars",
      jti: "0123456789abcdefghijkl",
      iat: NOW,
      exp: NOW + 60,
    },
    { alg: "EdDSA", typ: "sluicegate-receipt+jwt" },
    ed25519.privateKey,
  );
  await refuses(settings, receipt, /another kind/);
});

test("a key that is taken out of its file while an upload runs takes the permission with it", async () => {
  const path = await keyFile(setOf(jwk(ed25519.publicKey)));
  const settings = grantSettings({ jwksFile: path });
  let elapsedMs = 0;
  const keys = openKeySource(settings.keys, { elapsedMs: () => elapsedMs });
  const records = { isGrantUsed: async () => false };
  const check = grantCaller(settings, { audience: GATE, records, keys, clock: () => NOW_MS });
  const token = await sign(grantClaims(), { ...GRANT_HEADER, alg: "EdDSA" }, ed25519.privateKey);
  const admission = await check?.admit(flow, bearing(token));
  await admission?.confirm();
  await writeFile(
    `${path}.new`,
    setOf(jwk(createPublicKey(p256.publicKey.export({ type: "spki", format: "pem" })))),
  );
  await rename(`${path}.new`, path);
  // The file is looked at once a second at most.
  elapsedMs += 1_000;
  await assert.rejects(async () => admission?.confirm(), isCode("PERMISSION_REVOKED"));
  await assert.rejects(
    async () => check?.admit(flow, bearing(token)),
    isCode("CREDENTIALS_INVALID", /not signed with a key/),
  );
});

test("keys that cannot be had are no fault of the client: 503, and a time to come back", async () => {
  const missing = grantSettings({ jwksFile: join(folder, "none.json") });
  const withPrivate = await withKeys(jwk(ed25519.privateKey));
  const server = createServer((_req, res) => void res.writeHead(302, { location: "/keys" }).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const redirecting = grantSettings({
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
  });
  const token = await sign(grantClaims(), { ...GRANT_HEADER, alg: "EdDSA" }, ed25519.privateKey);
  for (const settings of [missing, withPrivate, redirecting]) {
    await assert.rejects(admit(settings, token), isCode("PERMISSION_UNAVAILABLE"));
    const rules = { settings, audience: GATE, nowMs: NOW_MS };
    const link = await sign(LINK, { ...LINK_HEADER, alg: "EdDSA" }, ed25519.privateKey);
    await assert.rejects(verifyDownloadLink(link, rules), isCode("PERMISSION_UNAVAILABLE"));
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("keys at a URL are fetched once for grants and links", async () => {
  let fetches = 0;
  const server = createServer((_req, res) => {
    fetches += 1;
    res.setHeader("Content-Type", "application/json").end(setOf(jwk(ed25519.publicKey)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const settings = grantSettings({ jwksUrl: `http://127.0.0.1:${port}/jwks.json` });
  const grant = await sign(grantClaims(), { ...GRANT_HEADER, alg: "EdDSA" }, ed25519.privateKey);
  const link = await sign(LINK, { ...LINK_HEADER, alg: "EdDSA" }, ed25519.privateKey);
  await Promise.all(Array.from({ length: 5 }, () => admit(settings, grant)));
  await verifyDownloadLink(link, { settings, audience: GATE, nowMs: NOW_MS });
  assert.equal(fetches, 1);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("a token that is too long is not looked at", async () => {
  const check = grantCaller(grantSettings(), { audience: GATE, records: { isGrantUsed: async () => false } });
  const token = await sign(grantClaims({ flow: "x".repeat(8_000) }));
  await assert.rejects(
    async () => check?.admit(flow, bearing(token)),
    isCode("CREDENTIALS_INVALID", /too long/),
  );
  const rules = { settings: grantSettings(), audience: GATE, nowMs: NOW_MS };
  await assert.rejects(verifyDownloadLink(token, rules), isCode("LINK_INVALID", /too long/));
  await assert.rejects(async () => check?.admit(flow, requestWith([])), isCode("CREDENTIALS_MISSING"));
});
