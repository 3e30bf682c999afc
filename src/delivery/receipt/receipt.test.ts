import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { acceptFile, type ReleasedFile } from "../../uploads/stages.ts";
import { newUploadId } from "../../uploads/upload-id.ts";
import type { DeliveryInput } from "../delivery-input.ts";
import { RECEIPT_TYPE, type ReceiptStatement, signReceipt, verifyReceipt } from "./receipt.ts";
import { openReceiptKeys } from "./receipt-keys.ts";
import { buildReceiptRequest } from "./receipt-request.ts";

const DAY_MS = 86_400_000;
const ISSUER = "https://uploads.example.com";
const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-keys-"));
  folders.push(folder);
  return join(folder, "keys");
}

const statement: ReceiptStatement = {
  uploadId: newUploadId(),
  audience: "http://127.0.0.1:8000",
  flow: "avatars",
  policyVersion: "p1",
  principal: "public",
  method: "POST",
  route: "/api/users/{user}/avatar",
  targetPath: "/api/users/7/avatar",
  field: "picture",
  index: 0,
  fileName: "\u00e9t\u00e9.png",
  sha256: "0f".repeat(32),
  sizeBytes: 12,
  verifiedType: "image/png",
  declaredType: "image/png",
  key: "ab".repeat(20),
  localPath: "store/ab/cd",
};

test("a receipt says what the statement says, and any JOSE library reads it with the published keys", async () => {
  const keys = await openReceiptKeys({ folder: await newFolder() });
  const token = await signReceipt(statement, {
    keys,
    issuer: ISSUER,
    lifetimeMs: 3_600_000,
    clock: () => Date.now(),
  });
  assert.equal(decodeProtectedHeader(token).typ, RECEIPT_TYPE);
  assert.equal(decodeProtectedHeader(token).alg, "EdDSA");
  const published = JSON.parse(JSON.stringify(keys.jwks()));
  assert.equal("d" in published.keys[0], false);
  const { payload } = await jwtVerify(token, createLocalJWKSet(published), {
    issuer: ISSUER,
    audience: statement.audience,
  });
  const { iat = 0, exp = 0, jti = "", ...rest } = payload;
  assert.equal(exp - iat, 3_600);
  assert.match(jti, /^[\w-]{22}$/);
  assert.deepEqual(rest, {
    iss: ISSUER,
    aud: "http://127.0.0.1:8000",
    sub: statement.uploadId,
    flow: "avatars",
    policy: "p1",
    principal: "public",
    method: "POST",
    route: "/api/users/{user}/avatar",
    target: "/api/users/7/avatar",
    field: "picture",
    index: 0,
    name: "\u00e9t\u00e9.png",
    sha256: "0f".repeat(32),
    size: 12,
    type: "image/png",
    declared_type: "image/png",
    verdict: "accept",
    key: "ab".repeat(20),
    path: "store/ab/cd",
    url: `/.sluicegate/files/${"ab".repeat(20)}`,
  });
});

test("the page for services names every claim, and no claim that is not there", async () => {
  const keys = await openReceiptKeys({ folder: await newFolder() });
  const claims = await verifyReceipt(
    await signReceipt(statement, { keys, issuer: ISSUER, lifetimeMs: 60_000 }),
    {
      keys,
      issuer: ISSUER,
    },
  );
  const page = await readFile(join(import.meta.dirname, "../../../docs/receipts.md"), "utf8");
  const table = page.slice(page.indexOf("| claim |"), page.indexOf("More claims"));
  const named = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) => cell.match(/\w+/g) ?? []);
  assert.deepEqual(named.sort(), Object.keys(claims).sort());
});

test("two receipts of one file differ in their id", async () => {
  const keys = await openReceiptKeys({ folder: await newFolder() });
  const signer = { keys, issuer: ISSUER, lifetimeMs: 60_000 };
  const ids = await Promise.all(
    [1, 2].map(
      async () => (await verifyReceipt(await signReceipt(statement, signer), { keys, issuer: ISSUER })).jti,
    ),
  );
  assert.notEqual(ids[0], ids[1]);
});

test("a receipt that is forged, changed, expired, for another or of another kind is not valid", async () => {
  const folder = await newFolder();
  const keys = await openReceiptKeys({ folder });
  const strangers = await openReceiptKeys({ folder: await newFolder() });
  const signer = { keys, issuer: ISSUER, lifetimeMs: 60_000 };
  const good = await signReceipt(statement, signer);
  const [header = "", payload = "", signature = ""] = good.split(".");
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const sign = (over: object, typ: string): Promise<string> =>
    new SignJWT({ ...claims, ...over })
      .setProtectedHeader({ alg: "EdDSA", typ, kid: keys.signingKey().kid })
      .sign(keys.signingKey().privateKey);
  const bad = {
    empty: "",
    text: "a.b.c",
    "changed claims": `${header}.${encoded({ ...claims, size: 13 })}.${signature}`,
    unsigned: `${encoded({ alg: "none", typ: RECEIPT_TYPE })}.${payload}.`,
    "key inside": `${encoded({ alg: "EdDSA", typ: RECEIPT_TYPE, jwk: strangers.jwks().keys[0] })}.${payload}.${signature}`,
    "a stranger's": await signReceipt(statement, { ...signer, keys: strangers }),
    "another issuer": await signReceipt(statement, { ...signer, issuer: "https://other.example" }),
    "another kind": await sign({}, "JWT"),
    "claim of another kind": await sign({ size: "12" }, RECEIPT_TYPE),
    "claim missing": await sign({ key: undefined }, RECEIPT_TYPE),
    "no expiry": await sign({ exp: undefined }, RECEIPT_TYPE),
  };
  const expectation = { keys, issuer: ISSUER, audience: statement.audience };
  await verifyReceipt(good, expectation);
  for (const [name, token] of Object.entries(bad)) {
    await assert.rejects(verifyReceipt(token, expectation), { code: "RECEIPT_INVALID" }, name);
  }
  await assert.rejects(verifyReceipt(good, { ...expectation, audience: "http://other:1" }), {
    code: "RECEIPT_INVALID",
  });
  await assert.rejects(verifyReceipt(good, { ...expectation, clock: () => Date.now() + 61_000 }), {
    code: "RECEIPT_INVALID",
  });
});

test("the first start makes a key that only its owner can read, and the next start uses it", async () => {
  const folder = await newFolder();
  const first = await openReceiptKeys({ folder });
  const [file = "", ...others] = await readdir(folder);
  assert.deepEqual(others, []);
  assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  const second = await openReceiptKeys({ folder });
  assert.deepEqual(second.jwks(), first.jwks());
});

test("after a rotation the new key signs, and the old one stays published until no receipt of it can live", async () => {
  const folder = await newFolder();
  let nowMs = Date.UTC(2026, 10, 22);
  const clock = (): number => nowMs;
  const keys = await openReceiptKeys({ folder, clock });
  const oldKid = keys.signingKey().kid;
  const signer = { keys, issuer: ISSUER, lifetimeMs: 7 * DAY_MS, clock };
  const before = await signReceipt(statement, signer);
  nowMs += 1_000;
  const newKid = await keys.rotate();
  assert.equal(keys.signingKey().kid, newKid);
  assert.deepEqual(
    keys.jwks().keys.map(({ kid }) => kid),
    [newKid, oldKid],
  );
  nowMs += 7 * DAY_MS - 2_000;
  await verifyReceipt(before, { keys, issuer: ISSUER, clock });
  nowMs += DAY_MS + 2_000;
  assert.deepEqual(
    keys.jwks().keys.map(({ kid }) => kid),
    [newKid],
  );
  assert.equal(keys.findKey(oldKid), null);
  const newestKid = await keys.rotate();
  assert.deepEqual(
    keys.jwks().keys.map(({ kid }) => kid),
    [newestKid, newKid],
  );
  assert.equal((await readdir(folder)).length, 2);
});

test("two gates on one folder share their keys", async () => {
  const folder = await newFolder();
  const [one, two] = await Promise.all([openReceiptKeys({ folder }), openReceiptKeys({ folder })]);
  await one.reload();
  await two.reload();
  assert.equal(one.signingKey().kid, two.signingKey().kid);
  const kid = await one.rotate();
  await two.reload();
  assert.equal(two.signingKey().kid, kid);
});

test("a folder or key that cannot be read is RECEIPT_KEY_UNAVAILABLE, and a reload keeps what it had", async () => {
  const folder = await newFolder();
  const keys = await openReceiptKeys({ folder });
  const { kid } = keys.signingKey();
  const [file = ""] = await readdir(folder);
  const text = await readFile(join(folder, file), "utf8");
  for (const broken of ["", "{}", text.replace(/"crv":"Ed25519"/, '"crv":"X25519"')]) {
    await writeFile(join(folder, file), broken);
    await assert.rejects(keys.reload(), { code: "RECEIPT_KEY_UNAVAILABLE" });
    await assert.rejects(openReceiptKeys({ folder }), { code: "RECEIPT_KEY_UNAVAILABLE" });
  }
  const other = await openReceiptKeys({ folder: await newFolder() });
  const stranger = { ...other.signingKey().privateKey.export({ format: "jwk" }) };
  await writeFile(join(folder, file), JSON.stringify(stranger));
  await assert.rejects(keys.reload(), { code: "RECEIPT_KEY_UNAVAILABLE" });
  await rm(join(folder, file));
  await assert.rejects(keys.reload(), { code: "RECEIPT_KEY_UNAVAILABLE" });
  assert.equal(keys.signingKey().kid, kid);
  await assert.rejects(openReceiptKeys({ folder: join(import.meta.filename, "keys") }), {
    code: "RECEIPT_KEY_UNAVAILABLE",
  });
});

function releasedFile(over: { index: number; declaredName: string | null }): ReleasedFile {
  const file = {
    field: "picture",
    declaredType: "image/png",
    key: "cd".repeat(20),
    sizeBytes: 5,
    sha256: "1e".repeat(32),
    inline: null,
    ...over,
  };
  const verdict = { outcome: "accept", findings: [] } as const;
  const accepted = acceptFile(
    { file, verifiedType: "image/png", stepsDone: new Set(), findings: [], verdict },
    [],
  );
  return { accepted, localPath: "store/x", open: () => assert.fail("a receipt needs no bytes") };
}

const input: DeliveryInput = {
  uploadId: newUploadId(),
  flow: "avatars",
  policyVersion: "p1",
  principal: "public",
  protocol: "multipart",
  method: "POST",
  route: "/api/avatars",
  target: `/api/avatars?long=${"x".repeat(9_000)}`,
  audience: "http://127.0.0.1:8000",
  headers: ["Host", "h"],
  parts: [
    { kind: "file", name: "picture", file: releasedFile({ index: 0, declaredName: "a.png" }) },
    { kind: "field", name: "caption", value: "hi" },
    { kind: "file", name: "picture", file: releasedFile({ index: 1, declaredName: null }) },
  ],
};

const fileName = ({ accepted }: ReleasedFile): string => accepted.file.declaredName ?? "picture.png";

test("the request by receipt has the same fields in the same order, each file as its receipt", async () => {
  const keys = await openReceiptKeys({ folder: await newFolder() });
  const settings = { issuer: ISSUER, lifetimeMs: 60_000 };
  const request = await buildReceiptRequest(input, { keys, settings, fileName });
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body ?? []) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).length, request.bodyBytes);
  const type = request.headers[request.headers.indexOf("Content-Type") + 1] ?? "";
  const form = await new Response(Buffer.concat(chunks), { headers: { "Content-Type": type } }).formData();
  assert.equal(form.get("caption"), "hi");
  const tokens = form.getAll("picture").map(String);
  const claims = await Promise.all(tokens.map((token) => verifyReceipt(token, { keys, issuer: ISSUER })));
  assert.deepEqual(
    claims.map(({ index, name, field, sub, target }) => [index, name, field, sub, target]),
    [
      [0, "a.png", "picture", input.uploadId, "/api/avatars"],
      [1, "picture.png", "picture", input.uploadId, "/api/avatars"],
    ],
  );
  assert.ok(tokens.every((token) => token.length < 2_000));
  assert.ok(
    request.headers.join("|").includes(`Sluicegate-Delivery|receipt|Sluicegate-Upload|${input.uploadId}`),
  );
});

test("a raw upload by receipt is the receipt alone", async () => {
  const keys = await openReceiptKeys({ folder: await newFolder() });
  const raw: DeliveryInput = { ...input, protocol: "raw", parts: input.parts.slice(0, 1) };
  const request = await buildReceiptRequest(raw, {
    keys,
    settings: { issuer: ISSUER, lifetimeMs: 60_000 },
    fileName,
  });
  let text = "";
  for await (const chunk of request.body ?? []) text += Buffer.from(chunk).toString();
  assert.equal(request.headers[request.headers.indexOf("Content-Type") + 1], "application/jwt");
  assert.equal(request.bodyBytes, text.length);
  assert.equal((await verifyReceipt(text, { keys, issuer: ISSUER })).sha256, "1e".repeat(32));
});
