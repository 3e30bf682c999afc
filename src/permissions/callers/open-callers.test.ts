import assert from "node:assert/strict";
import { test } from "node:test";
import { bearer, flowFor, refusalOf, requestWith } from "../../../test/permissions/caller-requests.ts";
import { makeSigner, openKeyServer, token } from "../../../test/permissions/token-signer.ts";
import type { Settings } from "../../settings/settings.ts";
import { openCallers } from "./open-callers.ts";

const RECEIPTS: Settings["receipts"] = {
  issuer: "https://gate.example.com",
  keysFolder: "/keys",
  lifetimeMs: 1,
};
const records = { findApiKey: async () => null, isGrantUsed: async () => false };
const upstreams = new Map();
const open = (callers: Settings["callers"], log?: { warn(...said: unknown[]): void }) =>
  openCallers({
    settings: { callers, receipts: RECEIPTS },
    records,
    upstreams,
    ...(log === undefined ? {} : { log }),
  });

test("kinds that the settings say nothing of are not there; the others are", () => {
  const callers = open({ jwt: null, grant: null });
  assert.equal(callers.jwt, null);
  assert.equal(callers.grant, null);
  for (const kind of ["public", "api-key", "upstream"] as const) assert.notEqual(callers[kind], null);
  callers.close();
});

test("a public flow admits anybody as one principal, and takes no credentials for itself", async () => {
  const { public: check } = open({ jwt: null, grant: null });
  const request = requestWith(["Authorization", "Basic dXNlcjpwYXNz", "Authorization", "Bearer b"]);
  const admission = await check?.admit(flowFor("public"), request);
  assert.equal(admission?.principal, "public");
  assert.equal(admission?.consumedHeaders, undefined);
  await admission?.confirm();
  assert.equal(await check?.identify(flowFor("public"), request), "public");
});

test("tokens are checked with the keys of the settings, and what goes wrong with those is logged", async () => {
  const signer = makeSigner("a");
  const server = await openKeyServer(signer);
  const claims = { iss: "i", aud: "a", sub: "user-7", exp: Date.now() / 1000 + 60 };
  const keys = { secret: null, jwksFile: null, jwksUrl: server.url };
  const jwt = {
    issuer: "i",
    audience: "a",
    keys,
    algorithms: ["ES256"],
    clockSkewMs: 0,
    principalClaim: "sub",
  };
  const good = open({ jwt, grant: null });
  assert.equal(await good.jwt?.identify(flowFor("jwt"), bearer(token(signer, claims))), "user-7");
  server.answer = { status: 500, body: "" };
  const warnings: unknown[][] = [];
  const bad = open({ jwt, grant: null }, { warn: (...said) => void warnings.push(said) });
  const refusal = await refusalOf(() => bad.jwt?.admit(flowFor("jwt"), bearer(token(signer, claims))));
  assert.equal(refusal.code, "PERMISSION_UNAVAILABLE");
  assert.equal(warnings.length, 1);
  good.close();
  bad.close();
  await server.close();
});
