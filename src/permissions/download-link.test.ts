import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Claims,
  GATE,
  grantSettings,
  isCode,
  NOW_MS,
  sign,
} from "../../test/permissions/minted-by-hand.ts";
import { type DownloadLink, verifyDownloadLink } from "./download-link.ts";

const NOW = NOW_MS / 1000;
const UPLOAD_ID = "01jqzx4v0k5t8m3n7p9r2s6w4y";
const settings = grantSettings();

async function verified(changes: Claims, nowMs = NOW_MS): Promise<DownloadLink> {
  const claims = { aud: GATE, sub: UPLOAD_ID, iat: NOW - 10, exp: NOW + 50, ...changes };
  const token = await sign(claims, { alg: "HS256", typ: "sluicegate-download+jwt" });
  return verifyDownloadLink(token, { settings, audience: GATE, nowMs });
}

test("a link says which file it is for, and under which name it is offered", async () => {
  const expiresAtMs = NOW_MS + 50_000 + settings.clockSkewMs;
  assert.deepEqual(await verified({}), { uploadId: UPLOAD_ID, fileIndex: 0, name: null, expiresAtMs });
  const named = { file: 3, name: "Übersicht \u202e.pdf\r\n", jti: "any" };
  assert.deepEqual(await verified(named), {
    uploadId: UPLOAD_ID,
    fileIndex: 3,
    name: named.name,
    expiresAtMs,
  });
});

test("a link may be used again until it expires", async () => {
  await verified({});
  await verified({}, NOW_MS + 79_999);
  await assert.rejects(verified({}, NOW_MS + 80_000), isCode("LINK_INVALID", /has expired/));
});

test("every claim that is missing or wrong makes a link invalid", async () => {
  const wrong: Claims[] = [
    ...["aud", "sub", "iat", "exp"].flatMap((name) =>
      [undefined, null, [], ""].map((value) => ({ [name]: value })),
    ),
    ...["../../etc/passwd", UPLOAD_ID.toUpperCase(), `${UPLOAD_ID}0`, UPLOAD_ID.slice(1)].map((sub) => ({
      sub,
    })),
    ...[-1, 1.5, "0", 1_000_000, 2 ** 53, [], null].map((file) => ({ file })),
    ...["", "x".repeat(256), 7, [], "\ud800"].map((name) => ({ name })),
    { aud: "https://other.example.com" },
    { aud: [GATE] },
    { exp: NOW - 40 },
    { iat: NOW + 40 },
    { exp: NOW + 3_591 },
    { files: 0 },
    { max_bytes: 1 },
  ];
  for (const change of wrong)
    await assert.rejects(verified(change), isCode("LINK_INVALID"), JSON.stringify(change));
});

test("what is no token at all is no link", async () => {
  const rules = { settings, audience: GATE, nowMs: NOW_MS };
  for (const text of ["", "x", "..", "a.b.c", "💥", " ", "%2e%2e"])
    await assert.rejects(verifyDownloadLink(text, rules), isCode("LINK_INVALID"), text);
});
