/**
 * Delivery by receipt: the service gets a signed statement in place of the bytes, gets the bytes for it, and nobody can make one up.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from "jose";
import type { Target } from "../src/checks/check.ts";
import { htmlFile } from "../src/checks/payloads/document-files.ts";
import {
  controlContent,
  fieldPart,
  formOf,
  formProbe,
  formWithFilePart,
} from "../src/checks/payloads/form.ts";
import { pngOfSize } from "../src/checks/payloads/image-files.ts";
import { seededBytes } from "../src/checks/payloads/seeded-bytes.ts";
import { controlProbe } from "../src/checks/payloads/upload.ts";
import { sendProbe } from "../src/checks/send-probe.ts";
import { ask, problemCode } from "./ask.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { targetsAt } from "./targets.ts";
import { UpstreamRecorder } from "./upstream-recorder.ts";

const LIMITS = { deadlineMs: 10_000, lingerMs: 0 };
const upstream = new UpstreamRecorder();
let upstreamOrigin: string;
let gate: GateUnderTest;
let pictures: Target;
let octets: Target;

before(async () => {
  upstreamOrigin = await upstream.listen();
  gate = await startGate({ upstream: upstreamOrigin, flows: ["pictures-receipt", "raw-receipt"] });
  const { photos, raw } = targetsAt(gate.origin, "receipts");
  assert.ok(photos && raw);
  pictures = { ...photos, path: "/pictures-receipt" };
  octets = { ...raw, path: "/receipts/{name}" };
});

after(async () => {
  await gate?.stop();
  await upstream.stop();
});

async function accepted(target: Target, bytes: Uint8Array): Promise<void> {
  const exchange = await sendProbe(gate.origin, controlProbe(target, { bytes }), LIMITS);
  assert.equal(exchange.answers[0]?.status, 201, Buffer.from(exchange.answers[0]?.body ?? []).toString());
}

/** The texts of the form that the service got last. */
async function lastForm(): Promise<FormData> {
  const last = upstream.requests.at(-1);
  assert.ok(last);
  const at = last.rawHeaders.findIndex((each) => each.toLowerCase() === "content-type");
  return new Response(new Uint8Array(last.body), {
    headers: { "Content-Type": last.rawHeaders[at + 1] ?? "" },
  }).formData();
}

/** The claims, after the signature was checked with the keys that the gate publishes. */
async function verified(token: string): Promise<JWTPayload & Record<string, unknown>> {
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", gate.origin));
  const { payload } = await jwtVerify(token, keys, { audience: upstreamOrigin, algorithms: ["EdDSA"] });
  return payload;
}

async function receiptFor(bytes: Uint8Array): Promise<string> {
  await accepted(pictures, bytes);
  return String((await lastForm()).get("picture"));
}

const fetchFile = (url: unknown, token: string) =>
  ask(gate.origin, { path: String(url), headers: { authorization: `Bearer ${token}` } });

for (const sizeBytes of [2000, 200_000]) {
  test(`a picture of ${sizeBytes} bytes becomes a receipt that says what it is, and the bytes can be fetched with it`, async () => {
    const bytes = pngOfSize(sizeBytes);
    const token = await receiptFor(bytes);
    assert.equal((await lastForm()).get("caption"), "By the sea");
    const claims = await verified(token);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const { method, route, target, field, type, size, verdict, flow } = claims;
    assert.deepEqual(
      { method, route, target, field, type, size, verdict, flow, sha256: claims.sha256 },
      {
        method: "POST",
        route: "/pictures-receipt",
        target: "/pictures-receipt",
        field: "picture",
        type: "image/png",
        size: sizeBytes,
        verdict: "accept",
        flow: "pictures-receipt",
        sha256,
      },
    );
    const fetched = await fetchFile(claims.url, token);
    assert.equal(fetched.status, 200);
    assert.deepEqual(fetched.body, Buffer.from(bytes));
    assert.equal(fetched.headers["content-type"], "image/png");
    assert.match(String(fetched.headers["content-disposition"]), /^attachment/);
    assert.equal(fetched.headers["x-content-type-options"], "nosniff");
    assert.match(String(fetched.headers["content-security-policy"]), /sandbox/);
  });
}

test("a raw body becomes the receipt alone", async () => {
  const bytes = seededBytes("raw", 5000);
  await accepted(octets, bytes);
  const claims = await verified(upstream.requests.at(-1)?.body.toString() ?? "");
  assert.equal(claims.sha256, createHash("sha256").update(bytes).digest("hex"));
  assert.deepEqual(
    [claims.method, claims.route, claims.target, claims.type],
    ["PUT", "/receipts/{name}", "/receipts/bytes.bin", null],
  );
});

test("two uploads of the same bytes are two files with two receipts", async () => {
  const bytes = pngOfSize(3000);
  const [one, other] = [await verified(await receiptFor(bytes)), await verified(await receiptFor(bytes))];
  assert.notEqual(one.jti, other.jti);
  assert.notEqual(one.key, other.key);
});

test("a file is given to the bearer of its own receipt and to nobody else", async () => {
  const [mine, other] = [await receiptFor(pngOfSize(3000)), await receiptFor(pngOfSize(4000))];
  const { url } = await verified(mine);
  const [head, claims, signature] = mine.split(".");
  const longer = Buffer.from(JSON.stringify({ ...(await verified(mine)), exp: 9_999_999_999 })).toString(
    "base64url",
  );
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`;
  for (const token of [other, `${head}.${longer}.${signature}`, unsigned, `${mine}x`, ""]) {
    const answer = await fetchFile(url, token);
    assert.deepEqual([answer.status, problemCode(answer)], [401, "RECEIPT_INVALID"], token);
  }
  assert.equal((await fetchFile(url, mine)).status, 200);
});

test("no path below the files leads anywhere else", async () => {
  const token = await receiptFor(pngOfSize(3000));
  for (const key of ["../keys", "..%2fkeys", "%2e%2e/keys", ".", "0".repeat(40)]) {
    const answer = await fetchFile(`/.sluicegate/files/${key}`, token);
    assert.ok([400, 401, 404].includes(answer.status), `${key}: ${answer.status}`);
  }
});

test("a client's own receipt in place of a file is refused, be it a real one", async () => {
  const token = await receiptFor(pngOfSize(3000));
  const delivered = upstream.requests.length;
  const forged = formWithFilePart(pictures, fieldPart("picture", token));
  const exchange = await sendProbe(gate.origin, formProbe(pictures, forged), LIMITS);
  assert.equal(exchange.answers[0]?.status, 422);
  const both = formOf(controlContent(pictures));
  const beside = {
    ...both,
    parts: [fieldPart("picture", token), ...both.parts.slice(0, 1), ...both.parts.slice(-1)],
  };
  const second = await sendProbe(gate.origin, formProbe(pictures, beside), LIMITS);
  assert.equal(second.answers[0]?.status, 422);
  assert.equal(upstream.requests.length, delivered);
});

test("a refused file has no receipt and is not in the store", async () => {
  const [delivered, stored] = [upstream.requests.length, (await gate.stored()).length];
  const exchange = await sendProbe(gate.origin, controlProbe(pictures, { bytes: htmlFile().bytes }), LIMITS);
  assert.equal(exchange.answers[0]?.status, 415);
  assert.deepEqual([upstream.requests.length, (await gate.stored()).length], [delivered, stored]);
  assert.deepEqual(await gate.quarantined(), []);
});
