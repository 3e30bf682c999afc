/**
 * Mode `observe`: the service gets the client's own bytes whatever they are, what would have been refused is recorded and told, and the
 * mode changes without a restart.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Probe, Target } from "../src/checks/check.ts";
import { htmlFile } from "../src/checks/payloads/document-files.ts";
import { controlContent, type Form, formOf, formRequest } from "../src/checks/payloads/form.ts";
import { seededBytes } from "../src/checks/payloads/seeded-bytes.ts";
import { controlRequest } from "../src/checks/payloads/upload.ts";
import {
  chunked,
  headBytes,
  probeOf,
  type UploadRequest,
  withHeader,
  withLines,
} from "../src/checks/payloads/upload-request.ts";
import { sendProbe } from "../src/checks/send-probe.ts";
import { type GateUnderTest, type ListedUpload, startGate } from "./gate-under-test.ts";
import { targetsAt } from "./targets.ts";
import { UpstreamRecorder } from "./upstream-recorder.ts";

const upstream = new UpstreamRecorder();
let gate: GateUnderTest;
let photos: Target;

before(async () => {
  gate = await startGate({ upstream: await upstream.listen(), flows: ["photos", "raw"] });
  const target = targetsAt(gate.origin, "observe").photos;
  assert.ok(target);
  photos = target;
  const { exitCode, err } = await gate.run("mode", "photos", "observe");
  assert.equal(exitCode, 0, err);
});

after(async () => {
  await gate?.stop();
  await upstream.stop();
});

async function send(probe: Probe): Promise<number> {
  const exchange = await sendProbe(gate.origin, probe, { deadlineMs: 10_000, lingerMs: 0 });
  return exchange.answers[0]?.status ?? 0;
}

/** So many newest uploads, oldest first, once they are recorded: observation never keeps the client waiting. */
async function newestUploads(count: number): Promise<readonly ListedUpload[]> {
  const givesUpAt = performance.now() + 10_000;
  for (;;) {
    const uploads = await gate.uploads();
    const newest = uploads.slice(0, count).toReversed();
    if (newest.length === count && newest.every(({ state }) => state === "observed")) return newest;
    assert.ok(performance.now() < givesUpAt, `not recorded: ${JSON.stringify(newest)}`);
  }
}

const END_TO_END = [
  "Accept: */*",
  "X-Mixed-Case: A",
  "User-Agent: test/1",
  "accept-language: de",
  "Cookie: a=1",
  "X-Two: 1",
  "X-Two: 2",
];

test("the service gets the client's bytes, boundary and headers as they were sent", async () => {
  const content = controlContent(photos);
  const form: Form = { ...formOf(content), boundary: "----ItsOwnBoundary42" };
  const request = withLines(formRequest(photos, form, content), ...END_TO_END);
  assert.equal(await send(probeOf({ ...request, line: "POST /photos?x=%20y&x=2 HTTP/1.1" })), 201);
  const got = upstream.requests.at(-1);
  assert.ok(got);
  assert.deepEqual(got.body, Buffer.from(request.body));
  assert.equal(got.path, "/photos?x=%20y&x=2");
  const pairs = Array.from(
    { length: got.rawHeaders.length / 2 },
    (_, index) => `${got.rawHeaders[2 * index]}: ${got.rawHeaders[2 * index + 1]}`,
  );
  const wanted = [...END_TO_END, `Content-Type: multipart/form-data; boundary=----ItsOwnBoundary42`];
  assert.deepEqual(
    pairs.filter((pair) => wanted.includes(pair)),
    [wanted.at(-1), ...END_TO_END],
  );
  assert.equal((await newestUploads(1))[0]?.refusal, null);
});

const BIG = { bytes: seededBytes("big", 5 * 1024 * 1024) };

/** What enforce would refuse, by the reason it would give. */
const HOSTILE: readonly { name: string; code: string; make: () => UploadRequest }[] = [
  {
    name: "a page in place of a picture",
    code: "FILE_TYPE_",
    make: () => controlRequest(photos, { bytes: htmlFile().bytes }),
  },
  {
    name: "a picture far beyond the limit",
    code: "TOO_LARGE",
    make: () => controlRequest(photos, BIG),
  },
  {
    name: "the same without a length",
    code: "FILE_TYPE_|TOO_LARGE",
    make: () => chunked(controlRequest(photos, BIG)),
  },
  {
    name: "a file name that is a path",
    code: "FILE_NAME_INVALID",
    make: () => controlRequest(photos, { name: "../../a.png" }),
  },
  {
    name: "a body that is no multipart",
    code: "PROTOCOL_",
    make: () => ({
      ...controlRequest(photos),
      body: seededBytes("noise", controlRequest(photos).body.length),
    }),
  },
  { name: "a body that stops", code: "PROTOCOL_BODY_TRUNCATED", make: () => cut(controlRequest(photos)) },
  {
    name: "no boundary",
    code: "PROTOCOL_BOUNDARY_INVALID",
    make: () => withHeader(controlRequest(photos), "Content-Type", "Content-Type: multipart/form-data"),
  },
  {
    name: "another format",
    code: "CONTENT_TYPE_UNSUPPORTED",
    make: () => withHeader(controlRequest(photos), "Content-Type", "Content-Type: application/json"),
  },
  {
    name: "a compressed body",
    code: "CONTENT_ENCODING_UNSUPPORTED",
    make: () => withLines(controlRequest(photos), "Content-Encoding: gzip"),
  },
  {
    name: "no body",
    code: "PROTOCOL_|FIELD_MISSING",
    make: () => ({
      ...withHeader(controlRequest(photos), "Content-Length", "Content-Length: 0"),
      body: new Uint8Array(),
    }),
  },
];

function cut(request: UploadRequest): UploadRequest {
  const body = request.body.subarray(0, request.body.length - 30);
  return { ...withHeader(request, "Content-Length", `Content-Length: ${body.length}`), body };
}

for (const { name, make } of HOSTILE) {
  test(`${name} reaches the service untouched`, async () => {
    const request = make();
    assert.equal(await send(probeOf(request)), 201);
    const isChunked = request.headers.some((line) => line.endsWith(": chunked"));
    const sent = isChunked ? controlRequest(photos, BIG) : request;
    assert.deepEqual(upstream.requests.at(-1)?.body, Buffer.from(sent.body));
  });
}

test("what would have been refused is recorded with the reason, and told by the command line", async () => {
  const uploads = await newestUploads(HOSTILE.length);
  for (const [index, { name, code }] of HOSTILE.entries()) {
    assert.match(uploads[index]?.refusal?.code ?? "none", new RegExp(code), name);
    assert.equal(uploads[index]?.mode, "observe");
  }
  const first = uploads[0];
  assert.ok(first);
  const shown = await gate.run("show", first.id);
  assert.match(shown.out, new RegExp(`Would have been refused: ${first.refusal?.code}`));
  const listed = await gate.run("uploads");
  for (const { id } of uploads)
    assert.match(listed.out, new RegExp(`${id}.*observed.*Would have been refused`));
  assert.deepEqual(await gate.quarantined(), []);
});

test("a client that goes away is recorded, and the next upload is as ever", async () => {
  const request = controlRequest(photos);
  const half = () => [headBytes(request), request.body.subarray(0, 100), { pauseMs: 50 }, "reset"] as const;
  await sendProbe(
    gate.origin,
    { content: request.content, steps: half },
    { deadlineMs: 10_000, lingerMs: 0 },
  );
  assert.equal(await send(probeOf(controlRequest(photos))), 201);
  const [broken] = await newestUploads(2);
  assert.match((await gate.run("show", broken?.id ?? "")).out, /not judged: the client went away/);
});

test("enforce is one word away, without a restart: the same file is refused, then a right one is taken", async () => {
  const hostile = () => probeOf(controlRequest(photos, { bytes: htmlFile().bytes }));
  assert.equal(await send(hostile()), 201);
  const { exitCode, err } = await gate.run("mode", "photos", "enforce");
  assert.equal(exitCode, 0, err);
  const delivered = upstream.requests.length;
  assert.equal(await send(hostile()), 415);
  assert.equal(upstream.requests.length, delivered);
  assert.equal(await send(probeOf(controlRequest(photos))), 201);
  const back = await gate.run("mode", "photos", "off");
  assert.equal(back.exitCode, 0, back.err);
  assert.equal(await send(hostile()), 201);
});
