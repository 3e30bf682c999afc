/**
 * What became of an upload, told to whoever sent it and to nobody else (PM-03, RT-07).
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import { after, before, test } from "node:test";
import { pngOfSize } from "../src/checks/payloads/image-files.ts";
import { type Answered, ask, problemCode } from "./ask.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { UpstreamRecorder } from "./upstream-recorder.ts";

const APP = "https://app.example.com";
const upstream = new UpstreamRecorder();
let gate: GateUnderTest;
let alice: string;
let bob: string;

before(async () => {
  gate = await startGate({
    upstream: await upstream.listen(),
    flows: ["pictures-receipt", "notes-of-callers", "raw"],
  });
  alice = await keyOf("alice");
  bob = await keyOf("bob");
});

after(async () => {
  await gate?.stop();
  await upstream.stop();
});

async function keyOf(principal: string): Promise<string> {
  const { exitCode, out, err } = await gate.run("key", "add", `of ${principal}`, "--principal", principal);
  assert.equal(exitCode, 0, err);
  return out.trim();
}

const bearer = (key: string): OutgoingHttpHeaders => ({ authorization: `Bearer ${key}` });

const stateOf = (id: string, headers: OutgoingHttpHeaders = {}, method = "GET"): Promise<Answered> =>
  ask(gate.origin, { method, path: `/.sluicegate/uploads/${id}`, headers });

async function send(path: string, body: Uint8Array, headers: OutgoingHttpHeaders = {}): Promise<string> {
  const answer = await ask(gate.origin, { method: "PUT", path, body, headers });
  assert.equal(answer.status, 201, answer.body.toString());
  return String(answer.headers["sluicegate-upload"]);
}

async function sendPicture(name: string, bytes: Uint8Array): Promise<{ status: number; id: string }> {
  const form = new FormData();
  form.set("caption", "By the sea");
  form.set("picture", new Blob([Buffer.from(bytes)], { type: "image/png" }), name);
  const answer = await fetch(`${gate.origin}/pictures-receipt`, { method: "POST", body: form });
  const text = await answer.text();
  const id = answer.headers.get("sluicegate-upload") ?? (JSON.parse(text) as { uploadId: string }).uploadId;
  return { status: answer.status, id };
}

/** Holds that an answer is the one that everybody gets who may not know. */
async function assertUnknown(answer: Promise<Answered>): Promise<void> {
  const [given, unknown] = [await answer, await stateOf("0".repeat(26))];
  assert.deepEqual([given.status, problemCode(given)], [404, "RECORDS_UPLOAD_UNKNOWN"]);
  const lasting = ({ headers, body }: Answered) => {
    const { date: _, "x-request-id": __, ...rest } = headers;
    return [rest, body.toString().replace(/"requestId":"[^"]*"/, "")];
  };
  assert.deepEqual(lasting(given), lasting(unknown));
}

test("whoever sent an upload is told its state, its files and what the service said", async () => {
  const bytes = pngOfSize(3000);
  const { status, id } = await sendPicture("By the <sea>.png", bytes);
  assert.equal(status, 201);
  const answer = await stateOf(id);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], "application/json");
  assert.equal(answer.headers["cache-control"], "no-store");
  const { startedAt, updatedAt, bytesReceived, deliveries, ...state } = JSON.parse(answer.body.toString());
  assert.deepEqual(state, {
    id,
    flow: "pictures-receipt",
    state: "delivered",
    files: [
      {
        index: 0,
        field: "picture",
        name: "By the _sea_.png",
        sizeBytes: 3000,
        sha256: createHash("sha256").update(bytes).digest("hex"),
        verifiedType: "image/png",
        findings: [],
      },
    ],
    refusal: null,
    nextTryAt: null,
  });
  assert.equal(bytesReceived, 3000);
  assert.ok(Date.parse(startedAt) <= Date.parse(updatedAt) && Date.parse(updatedAt) <= Date.now());
  const [{ startedAt: began, endedAt: ended, ...delivery }, ...more] = deliveries;
  assert.deepEqual([delivery, more], [{ attempt: 1, status: 201 }, []]);
  assert.ok(Date.parse(began) <= Date.parse(ended));
  const head = await stateOf(id, {}, "HEAD");
  assert.deepEqual([head.status, head.body.length], [200, 0]);
});

test("a refused upload tells why, with its findings, and nothing of the inside", async () => {
  const { status, id } = await sendPicture(
    "page.png",
    Buffer.from("<!doctype html><script>alert(1)</script>"),
  );
  assert.equal(status, 415);
  const text = (await stateOf(id)).body.toString();
  const { state, refusal, deliveries } = JSON.parse(text);
  assert.equal(state, "rejected");
  assert.ok(refusal.code.startsWith("FILE_") && refusal.message.length > 20 && refusal.findings.length > 0);
  assert.deepEqual(deliveries, []);
  const [listed] = (await gate.uploads()).filter((upload) => upload.id === id);
  assert.ok(listed?.files.every(({ key }) => !text.includes(key)));
  assert.ok(!text.includes(gate.folder) && !text.includes("<script>"));
});

test("nobody but the sender learns that there is such an upload", async () => {
  const id = await send("/notes/a", randomBytes(100), bearer(alice));
  assert.equal((await stateOf(id, bearer(alice))).status, 200);
  await assertUnknown(stateOf(id, bearer(bob)));
  await assertUnknown(stateOf(id, bearer(`${alice}x`)));
  await assertUnknown(stateOf(id));
  await assertUnknown(stateOf(id, { authorization: "Basic YTpi" }));
  await assertUnknown(stateOf(`${id}/`, bearer(alice)));
  await assertUnknown(stateOf(id.toUpperCase(), bearer(alice)));
  await assertUnknown(stateOf("", bearer(alice)));
  for (const method of ["DELETE", "POST", "PATCH", "PUT"])
    assert.equal((await stateOf(id, bearer(alice), method)).status, 405, method);
});

test("a key that was revoked shows nothing any more", async () => {
  const carol = await keyOf("carol");
  const id = await send("/notes/c", randomBytes(100), bearer(carol));
  assert.equal((await stateOf(id, bearer(carol))).status, 200);
  const keys = JSON.parse((await gate.run("key", "list", "--json")).out) as {
    id: string;
    principal: string;
  }[];
  const { exitCode } = await gate.run(
    "key",
    "revoke",
    keys.find((key) => key.principal === "carol")?.id ?? "",
  );
  assert.equal(exitCode, 0);
  await assertUnknown(stateOf(id, bearer(carol)));
});

test("a script of a listed origin may ask, after a preflight, and one of another may not", async () => {
  const id = await send("/notes/b", randomBytes(100), bearer(alice));
  const asking = {
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization",
  };
  const preflight = await stateOf(id, { origin: APP, ...asking }, "OPTIONS");
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers["access-control-allow-origin"], APP);
  assert.equal(preflight.headers["access-control-allow-methods"], "GET, HEAD");
  const answer = await stateOf(id, { origin: APP, ...bearer(alice) });
  assert.deepEqual([answer.status, answer.headers["access-control-allow-origin"]], [200, APP]);
  await assertUnknown(stateOf(id, { origin: "https://evil.example", ...bearer(alice) }));
  const evil = await stateOf(id, { origin: "https://evil.example", ...asking }, "OPTIONS");
  assert.deepEqual([evil.status, evil.headers["access-control-allow-origin"]], [404, undefined]);
});

test("an upload that was only observed has no state here", async () => {
  assert.equal((await gate.run("mode", "raw", "observe")).exitCode, 0);
  assert.equal((await gate.run("reload")).exitCode, 0);
  await ask(gate.origin, { method: "PUT", path: "/raw/x", body: randomBytes(100) });
  const observed = (await gate.uploads()).find(({ mode }) => mode === "observe");
  assert.ok(observed);
  await assertUnknown(stateOf(observed.id));
});
