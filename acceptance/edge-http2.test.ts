/**
 * HTTP/2 over TLS, by Node's own client: what passes over HTTP/1.1 passes here, and what is particular to streams.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type ClientHttp2Session, constants } from "node:http2";
import { after, before, test } from "node:test";
import { pngFile } from "../src/checks/payloads/image-files.ts";
import { type Counted, CountingService } from "./counting-service.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { answerOf, askHttp2, beginHttp2, type Http2Answered, openHttp2Client } from "./http2-client.ts";
import { FRAME, RawHttp2, requestHeaders } from "./raw-http2.ts";
import { makeCertificate, type TestCertificate } from "./tls-files.ts";
import { until } from "./until.ts";

const MEGABYTE = 1024 * 1024;
const service = new CountingService();
let certificate: TestCertificate;
let gate: GateUnderTest;
let session: ClientHttp2Session;

before(async () => {
  certificate = await makeCertificate("edge");
  gate = await startGate({
    upstream: await service.listen(),
    flows: ["photos", "raw", "large"],
    passThrough: true,
    tls: certificate,
  });
  session = openHttp2Client(gate.origin, certificate.pem);
});

after(async () => {
  session?.destroy();
  await gate?.stop();
  await service.stop();
  await certificate?.remove();
});

const counted = ({ body }: Http2Answered): Counted => JSON.parse(body.toString()) as Counted;
const codeOf = ({ body }: Http2Answered): string => (JSON.parse(body.toString()) as { code: string }).code;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("a form is taken, and the service gets it over HTTP/1.1 as from any client", async () => {
  const form = new FormData();
  form.append("caption", "By the sea");
  form.append("picture", new Blob([Buffer.from(pngFile().bytes)], { type: "image/png" }), "sea.png");
  const request = new Request("http://x/", { method: "POST", body: form });
  const answer = await askHttp2(session, {
    method: "POST",
    path: "/photos",
    headers: { "content-type": request.headers.get("content-type") ?? "" },
    body: new Uint8Array(await request.arrayBuffer()),
  });
  assert.equal(answer.status, 201);
  const { headers } = counted(answer);
  assert.equal(headers.host, `localhost:${new URL(gate.origin).port}`);
  assert.equal(headers["x-forwarded-proto"], "https");
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith(":")),
    [],
  );
});

test("a raw body without a length is taken whole", async () => {
  const bytes = Buffer.alloc(300_000, 3);
  const answer = await askHttp2(session, { method: "PUT", path: "/raw/a.bin", body: bytes });
  assert.equal(answer.status, 201);
  assert.deepEqual([counted(answer).sizeBytes, counted(answer).sha256], [bytes.length, sha256(bytes)]);
});

test("200 MiB pass at flat memory, through the flow and past it", { timeout: 120_000 }, async () => {
  for (const path of ["/large/a.bin", "/past/a.bin"]) {
    const baseline = await residentBytes();
    const stream = beginHttp2(session, { method: "PUT", path });
    const answered = answerOf(stream);
    const hash = createHash("sha256");
    const block = Buffer.alloc(MEGABYTE, path.length);
    let peak = 0;
    for (let sent = 0; sent < 200; sent += 1) {
      hash.update(block);
      if (!stream.write(block)) await once(stream, "drain");
      if (sent % 20 === 19) peak = Math.max(peak, await residentBytes());
    }
    stream.end();
    const answer = await answered;
    assert.equal(answer.status, 201);
    assert.deepEqual(
      [counted(answer).sizeBytes, counted(answer).sha256],
      [200 * MEGABYTE, hash.digest("hex")],
    );
    assert.ok(peak - baseline < 96 * MEGABYTE, `${path}: ${(peak - baseline) / MEGABYTE} MiB more`);
  }
});

async function residentBytes(): Promise<number> {
  const text = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}

test("a GET passes through, with its answer's headers but for those of one connection", async () => {
  const answer = await askHttp2(session, {
    path: "/thing?a=b",
    headers: { cookie: "one=1", te: "trailers" },
  });
  assert.equal(answer.status, 201);
  assert.equal(counted(answer).path, "/thing?a=b");
  assert.deepEqual(answer.headers["set-cookie"], ["a=1", "b=2"]);
  const names = Object.keys(answer.headers);
  assert.deepEqual(
    names.filter((name) => ["connection", "keep-alive", "transfer-encoding", "x-hop"].includes(name)),
    [],
  );
});

test("cookies that a client sends one by one arrive as one header", async () => {
  const stream = session.request({ ":path": "/thing", cookie: ["one=1", "two=2"] as unknown as string });
  const answer = await answerOf(stream.end());
  assert.deepEqual(counted(answer).cookies, ["one=1; two=2"]);
});

test("a large download arrives whole, beside another one that nobody reads", async () => {
  const unread = session.request({ ":path": `/download/${64 * MEGABYTE}` });
  unread.on("error", () => {});
  await once(unread, "response");
  unread.pause();
  const answer = await askHttp2(session, { path: `/download/${8 * MEGABYTE}` });
  assert.deepEqual([answer.status, answer.body.length], [200, 8 * MEGABYTE]);
  unread.close(constants.NGHTTP2_CANCEL);
});

test("an answer that the service breaks off is no whole answer", async () => {
  const answer = await askHttp2(session, { path: "/broken" });
  assert.equal(answer.status, 200);
  assert.ok(answer.body.length < 100_000);
  assert.notEqual(answer.resetCode, constants.NGHTTP2_NO_ERROR);
});

test("a body that is too large is refused early: the answer, then RST_STREAM(NO_ERROR), and the connection stays", async () => {
  const stream = beginHttp2(session, {
    method: "PUT",
    path: "/raw/a.bin",
    headers: { "content-length": String(300 * MEGABYTE) },
  });
  const answered = answerOf(stream);
  stream.write(Buffer.alloc(MEGABYTE));
  const answer = await answered;
  assert.deepEqual([answer.status, codeOf(answer), answer.resetCode], [413, "FILE_TOO_LARGE", 0]);
  assert.equal(answer.headers.connection, undefined);
  assert.equal((await askHttp2(session, { path: "/thing" })).status, 201);
});

test("a body without a length is refused at its limit while it flows", async () => {
  const stream = beginHttp2(session, { method: "PUT", path: "/raw/a.bin" });
  const answered = answerOf(stream);
  let sent = 0;
  const block = Buffer.alloc(65_536);
  const pour = (): void => {
    while (sent < 64 * MEGABYTE && stream.writable && stream.write(block)) sent += block.length;
  };
  stream.on("drain", pour);
  pour();
  const answer = await answered;
  assert.deepEqual([answer.status, codeOf(answer), answer.resetCode], [413, "FILE_TOO_LARGE", 0]);
  assert.ok(sent < 16 * MEGABYTE, `${sent} bytes went out`);
});

for (const code of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR]) {
  test(`an upload whose stream the client resets with code ${code} is aborted and leaves nothing`, async () => {
    const before = service.counted;
    const raw = await RawHttp2.open(gate.origin, certificate.pem);
    raw.headers(1, requestHeaders("PUT", `/large/reset-${code}.bin`), false);
    for (let frame = 0; frame < 30; frame += 1) raw.send(FRAME.data, 0, 1, Buffer.alloc(16_384));
    await until(async () => (await gate.uploads())[0]?.state === "receiving", "the upload is at work");
    raw.reset(1, code);
    await until(async () => (await gate.uploads())[0]?.state === "aborted", "the upload is aborted");
    await until(async () => (await gate.quarantined()).length === 0, "quarantine is empty");
    assert.equal((await gate.uploads())[0]?.refusal?.code, "REQUEST_ABORTED");
    assert.equal(service.counted, before);
    raw.close();
  });

  test(`a passing body whose stream the client resets with code ${code} never ends as a whole one`, async () => {
    const { counted: before, brokenOff, begun } = service;
    const raw = await RawHttp2.open(gate.origin, certificate.pem);
    raw.headers(1, requestHeaders("PUT", "/past/reset.bin"), false);
    raw.send(FRAME.data, 0, 1, Buffer.alloc(16_384));
    await until(() => service.begun > begun, "the service sees the request");
    raw.reset(1, code);
    await until(() => service.brokenOff === brokenOff + 1, "the service sees that it broke off");
    assert.equal(service.counted, before);
    raw.close();
  });
}

test("two uploads on one connection do not disturb each other", async () => {
  const [a, b] = [Buffer.alloc(900_000, 1), Buffer.alloc(1_000_000, 2)];
  const answers = await Promise.all(
    [a, b].map((body, index) => askHttp2(session, { method: "PUT", path: `/raw/${index}.bin`, body })),
  );
  assert.deepEqual(
    answers.map((answer) => [answer.status, counted(answer).sha256]),
    [
      [201, sha256(a)],
      [201, sha256(b)],
    ],
  );
});

test("one stream that is cut off leaves the others of its connection alone", async () => {
  const first = beginHttp2(session, { method: "PUT", path: "/large/first.bin" });
  const second = beginHttp2(session, { method: "PUT", path: "/raw/second.bin" });
  const answered = answerOf(second);
  first.write(Buffer.alloc(MEGABYTE));
  second.write(Buffer.alloc(1000));
  first.close(constants.NGHTTP2_CANCEL);
  second.end(Buffer.alloc(1000));
  assert.equal(counted(await answered).sizeBytes, 2000);
});

test("Expect: 100-continue is answered where the body is wanted, and not where it is not", async () => {
  const expect = { expect: "100-continue" };
  const wanted = beginHttp2(session, { method: "PUT", path: "/raw/a.bin", headers: expect });
  const answered = answerOf(wanted);
  await once(wanted, "continue");
  wanted.end("abc");
  assert.equal((await answered).status, 201);
  const unwanted = beginHttp2(session, {
    method: "PUT",
    path: "/raw/a.bin",
    headers: { ...expect, "content-length": String(300 * MEGABYTE) },
  });
  unwanted.once("continue", () => assert.fail("asked for"));
  assert.equal((await answerOf(unwanted)).status, 413);
});

test("HEAD, and an answer of the gate's own", async () => {
  const head = await answerOf(
    session.request({ ":method": "HEAD", ":path": "/.well-known/jwks.json" }).end(),
  );
  assert.deepEqual([head.status, head.body.length], [200, 0]);
  const keys = await askHttp2(session, { path: "/.well-known/jwks.json" });
  assert.ok(keys.body.length > 20);
});

test("what is malformed is refused: two hosts, CONNECT, a userinfo in the authority, headers of a connection", async () => {
  const refused = async (headers: Record<string, string>): Promise<string> => {
    try {
      const stream = session.request({ ":path": "/thing", ...headers });
      stream.on("error", () => {});
      const answer = await answerOf(stream.end());
      return `${answer.status} ${codeOf(answer)}`;
    } catch {
      return "reset";
    }
  };
  assert.equal(
    await refused({ ":authority": "a.example", host: "b.example" }),
    "400 REQUEST_HEADER_DUPLICATED",
  );
  assert.match(await refused({ ":authority": "user@a.example" }), /^(400 REQUEST_MALFORMED|reset)$/);
  assert.equal(await refused({ ":path": "/a/../b" }), "400 REQUEST_TARGET_INVALID");
  const connect = session.request({ ":method": "CONNECT", ":authority": "a.example:443" });
  connect.on("error", () => {});
  assert.deepEqual([(await answerOf(connect)).status], [501]);
});

test("the windows are wide: a megabyte for a stream, sixteen for a connection", async () => {
  const other = openHttp2Client(gate.origin, certificate.pem);
  try {
    const [settings] = (await once(other, "remoteSettings")) as [
      { initialWindowSize: number; maxConcurrentStreams: number },
    ];
    assert.ok(settings.initialWindowSize >= MEGABYTE, `${settings.initialWindowSize}`);
    assert.ok(settings.maxConcurrentStreams <= 250);
    await until(() => (other.state.remoteWindowSize ?? 0) >= 16 * MEGABYTE, "the connection's window");
  } finally {
    other.destroy();
  }
});

test("headers beyond limits.request-headers, and streams beyond the limit, are bounded", async () => {
  const other = openHttp2Client(gate.origin, certificate.pem);
  const stream = other.request({ ":path": "/thing", "x-long": "a".repeat(60_000) });
  stream.on("error", () => {});
  const outcome = await answerOf(stream.end()).then(
    ({ status }) => status,
    () => "reset",
  );
  assert.ok(outcome === "reset" || Number(outcome) >= 400, `${outcome}`);
  other.destroy();
  assert.equal((await askHttp2(session, { path: "/thing" })).status, 201);
});

test("HTTP/1.1 is spoken on the same port to who asks for it", async () => {
  const { request } = await import("node:https");
  const outgoing = request(`${gate.origin}/raw/h1.bin`, {
    method: "PUT",
    ca: certificate.pem,
  });
  outgoing.end("abc");
  const [incoming] = await once(outgoing, "response");
  const chunks = (await incoming.toArray()) as Buffer[];
  assert.deepEqual([incoming.statusCode, incoming.httpVersion], [201, "1.1"]);
  assert.equal(
    (JSON.parse(Buffer.concat(chunks).toString()) as Counted).headers["x-forwarded-proto"],
    "https",
  );
});

test("after all of that nothing is left in quarantine and no upload is at work", async () => {
  await until(async () => (await gate.quarantined()).length === 0, "quarantine is empty");
  const metrics = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  assert.match(metrics, /^sluicegate_uploads_active 0$/m);
  assert.ok(!/UnsupportedWarning|MaxListeners|ERR_/.test(gate.log()), gate.log().slice(-2000));
  assert.ok((await readFile(certificate.key, "utf8")).includes("PRIVATE KEY"));
});
