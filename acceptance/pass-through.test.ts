/**
 * What no flow judges: refused without `pass-through`, and with it passed on untouched and streaming; lessons T38 to T42.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { controlRequest } from "../src/checks/payloads/upload.ts";
import { probeBytes, probeOf, withLines } from "../src/checks/payloads/upload-request.ts";
import { sendProbe } from "../src/checks/send-probe.ts";
import { ask, begin, problemCode } from "./ask.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { type ServiceUnderTest, startService } from "./service-under-test.ts";
import { targetsAt } from "./targets.ts";

const LIMITS = { deadlineMs: 5000, lingerMs: 0 };
const MEGABYTE = 1024 * 1024;
let service: ServiceUnderTest;
let open: GateUnderTest;
let closed: GateUnderTest;

before(async () => {
  service = await startService();
  open = await startGate({ upstream: service.origin, flows: ["photos", "raw"], passThrough: true });
  closed = await startGate({ upstream: service.origin, flows: ["photos", "raw"] });
});

after(async () => {
  await open?.stop();
  await closed?.stop();
  await service?.stop();
});

/** Method, path, query and digest of the body, as the service saw them. */
const seenBy = (method: string, rest: string, body = "") =>
  `${method} ${rest} ${createHash("sha256").update(body).digest("hex")}`;

async function lastReceived() {
  const last = (await service.received()).at(-1);
  assert.ok(last);
  return {
    ...last,
    header: (name: string) => last.headers.filter(([each]) => each === name).map(([, value]) => value),
  };
}

test("an unknown path is the gate's 404 where nothing passes through, and the service hears nothing", async () => {
  await service.clear();
  for (const method of ["GET", "POST", "DELETE"]) {
    const answer = await ask(closed.origin, { method, path: "/any/thing" });
    assert.equal(answer.status, 404);
    assert.equal(problemCode(answer), "ROUTE_UNKNOWN");
  }
  assert.deepEqual(await service.received(), []);
});

test("a flow's path under another method is 405 with Allow, where nothing passes through", async () => {
  const answer = await ask(closed.origin, { method: "DELETE", path: "/photos" });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.allow, "POST");
  assert.equal(problemCode(answer), "METHOD_NOT_ALLOWED");
});

for (const method of ["GET", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"]) {
  test(`${method} passes through with its path, query and body`, async () => {
    const body = method === "GET" || method === "OPTIONS" ? "" : "some body";
    const answer = await ask(open.origin, { method, path: "/any/a/b?x=1&y=%20&x=2", body });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), seenBy(method, "a/b?x=1&y=%20&x=2", body));
    assert.equal(answer.headers["x-seen"], method);
  });
}

test("HEAD passes through without a body", async () => {
  const answer = await ask(open.origin, { method: "HEAD", path: "/any/a" });
  assert.equal(answer.headers["x-seen"], "HEAD");
  assert.equal(answer.body.length, 0);
});

test("the service's own 404 comes back as it is", async () => {
  const answer = await ask(open.origin, { path: "/nothing-here" });
  assert.deepEqual([answer.status, answer.body.toString()], [404, '{"detail":"Not Found"}']);
});

test("server-sent events arrive one by one, each before the next is made", async () => {
  const incoming = await begin(open.origin, { path: "/events", headers: { accept: "text/event-stream" } });
  assert.match(incoming.headers["content-type"] ?? "", /^text\/event-stream/);
  for (const number of [0, 1, 2]) {
    const chunk = await nextChunk(incoming);
    assert.match(chunk, new RegExp(`data: event ${number}\n`));
    await ask(open.origin, { method: "POST", path: "/next" });
  }
  incoming.destroy();
});

/** The next chunk alone; the stream stays open. */
function nextChunk(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => stream.once("data", (chunk: Buffer) => resolve(chunk.toString())));
}

test("a WebSocket is joined with the service's", async () => {
  const socket = new WebSocket(`${open.origin.replace("http", "ws")}/echo`);
  const said = Promise.withResolvers<string>();
  socket.onmessage = (event) => said.resolve(String(event.data));
  socket.onerror = () => said.reject(new Error("the WebSocket failed"));
  socket.onopen = () => socket.send("hello");
  assert.equal(await said.promise, "echo: hello");
  const ended = new Promise<number>((resolve) => {
    socket.onclose = (event) => resolve(event.code);
  });
  socket.close(1000);
  assert.equal(await ended, 1000);
});

test("an offer of another protocol is not taken, and the request goes on as it is", async () => {
  const target = targetsAt(open.origin, "offer").photos;
  assert.ok(target);
  const offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"];
  const request = withLines(controlRequest(target), ...offer);
  await service.clear();
  const exchange = await sendProbe(open.origin, probeOf(request), LIMITS);
  assert.equal(exchange.answers[0]?.status, 201);
  assert.equal((await lastReceived()).header("upgrade").length, 0);
});

test("a second Content-Type behind two thousand other headers is seen", async () => {
  const target = targetsAt(open.origin, "many").photos;
  assert.ok(target);
  const many = Array.from({ length: 2100 }, (_, index) => `a${index % 10}:`);
  const request = withLines(controlRequest(target), ...many, "Content-Type: text/html");
  const exchange = await sendProbe(open.origin, probeOf(request), LIMITS);
  assert.equal(exchange.answers[0]?.status, 400);
  assert.match(Buffer.from(exchange.answers[0]?.body ?? []).toString(), /REQUEST_HEADER_DUPLICATED/);
});

test("a WebSocket to an unknown path is refused where nothing passes through", async () => {
  const socket = new WebSocket(`${closed.origin.replace("http", "ws")}/echo`);
  await new Promise<void>((resolve, reject) => {
    socket.onerror = () => resolve();
    socket.onopen = () => reject(new Error("the WebSocket was opened"));
  });
});

test("a large download arrives whole", async () => {
  const incoming = await begin(open.origin, { path: `/large/${64 * MEGABYTE}` });
  const hash = createHash("sha256");
  for await (const chunk of incoming) hash.update(chunk as Buffer);
  const block = Buffer.alloc(
    65536,
    Uint8Array.from({ length: 256 }, (_, index) => index),
  );
  const expected = createHash("sha256");
  for (let sent = 0; sent < 64 * MEGABYTE; sent += block.length) expected.update(block);
  assert.equal(hash.digest("hex"), expected.digest("hex"));
});

/** What a client may not say itself, on any route (T38, T42). */
const RESERVED = {
  "Sluicegate-Upload": "forged",
  "Sluicegate-Receipt": "forged",
  Sluicegate_Receipt: "forged",
  "X-HTTP-Method-Override": "DELETE",
  "X-Method-Override": "DELETE",
  "X-Original-URL": "/forged",
  "X-Rewrite-URL": "/forged",
  "X-Accel-Redirect": "/forged",
  "X-Real-IP": "203.0.113.9",
  Forwarded: "for=203.0.113.9",
  "X-Forwarded-For": "203.0.113.9",
  "X-Forwarded-Host": "forged.example",
};

for (const path of ["/any/a", "/photos"]) {
  test(`what only a gate may say is stripped from requests to ${path}`, async () => {
    await service.clear();
    const request = controlRequest({ ...onlyTarget("photos"), path });
    const lines = Object.entries(RESERVED).map(([name, value]) => `${name}: ${value}`);
    const exchange = await sendProbe(open.origin, probeOf(withLines(request, ...lines)), LIMITS);
    assert.ok((exchange.answers[0]?.status ?? 0) < 300);
    const { headers, method } = await lastReceived();
    const forged = headers.filter(([, value]) => /forged|203\.0\.113\.9|DELETE/.test(value));
    assert.deepEqual([method, forged], ["POST", []]);
  });

  test(`connection headers stay on their own connection on the way to ${path}`, async () => {
    await service.clear();
    const request = withLines(
      controlRequest({ ...onlyTarget("photos"), path }),
      "Connection: close, X-Mine",
      "X-Mine: 1",
      "TE: trailers",
      "Keep-Alive: timeout=99",
    );
    await sendProbe(open.origin, probeOf(request), LIMITS);
    const names = (await lastReceived()).headers.map(([name]) => name);
    assert.deepEqual(
      names.filter((name) => ["x-mine", "keep-alive", "te"].includes(name)),
      [],
    );
  });

  test(`credentials and end-to-end headers go on to ${path}`, async () => {
    await service.clear();
    const own = [
      "Authorization: Bearer abc",
      "Cookie: a=1; b=2",
      "Accept-Language: de",
      "X-Own: one",
      "X-Own: two",
      "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ];
    await sendProbe(
      open.origin,
      probeOf(withLines(controlRequest({ ...onlyTarget("photos"), path }), ...own)),
      LIMITS,
    );
    const { header } = await lastReceived();
    assert.deepEqual(header("authorization"), ["Bearer abc"]);
    assert.deepEqual(header("cookie"), ["a=1; b=2"]);
    assert.deepEqual(header("accept-language"), ["de"]);
    assert.deepEqual(
      header("x-own").flatMap((value) => value.split(", ")),
      ["one", "two"],
    );
    assert.match(header("traceparent").join(), /^00-0af7651916cd43dd8448eb211c80319c-/);
    assert.equal(header("x-forwarded-for").join(), "127.0.0.1");
  });
}

function onlyTarget(name: string) {
  const target = targetsAt(open.origin, "pass-through")[name];
  assert.ok(target);
  return target;
}

test("trailers never become headers of a request that passes through", async () => {
  await service.clear();
  const head = `POST /any/a HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\nTrailer: X-Canary\r\n\r\n`;
  const chunks = "5\r\nhello\r\n0\r\nX-Canary: 1\r\nAuthorization: Bearer forged\r\n\r\n";
  const nothing = { files: [], fields: [] };
  const exchange = await sendProbe(open.origin, probeBytes(nothing, head, chunks), LIMITS);
  assert.equal(Buffer.from(exchange.answers[0]?.body ?? []).toString(), seenBy("POST", "a?", "hello"));
  const { headers } = await lastReceived();
  assert.deepEqual(
    headers.filter(([name]) => ["x-canary", "authorization"].includes(name)),
    [],
  );
});

test("parameters that change the method are taken out of the query", async () => {
  const answer = await ask(open.origin, { method: "POST", path: "/any/a?_method=DELETE&x=1" });
  assert.equal(answer.body.toString(), seenBy("POST", "a?x=1"));
});

for (const path of [
  "/any/a%2fb",
  "/any/a%5cb",
  "/any/a\\b",
  "/any/%2e%2e/photos",
  "/any/../photos",
  "/./photos",
  "//photos",
  "/photos%00",
  "/photos%0a",
  "/photos%2f",
  "/%252e%252e/photos",
  "/any/%c0%ae",
  "photos",
  "http://other.example/photos",
]) {
  test(`a path that two programs could read differently is refused: ${path}`, async () => {
    await service.clear();
    const exchange = await sendProbe(
      open.origin,
      probeBytes(
        { files: [], fields: [] },
        `POST ${path} HTTP/1.1\r\nHost: gate\r\nContent-Length: 0\r\n\r\n`,
      ),
      LIMITS,
    );
    assert.equal(exchange.answers[0]?.status, 400);
    assert.match(
      Buffer.from(exchange.answers[0]?.body ?? []).toString(),
      /REQUEST_(TARGET_INVALID|MALFORMED)/,
    );
    assert.deepEqual(await service.received(), []);
  });
}

for (const path of ["/%70hotos", "/photos?x=1", "/photos?"]) {
  test(`a spelling of a flow's path is judged by the flow: ${path}`, async () => {
    await service.clear();
    const answer = await ask(open.origin, {
      method: "POST",
      path,
      headers: { "content-type": "text/plain" },
      body: "x",
    });
    assert.equal(problemCode(answer), "CONTENT_TYPE_UNSUPPORTED");
    assert.deepEqual(await service.received(), []);
  });
}

for (const [method, path] of [
  ["PUT", "/photos"],
  ["PATCH", "/photos"],
  ["POST", "/photos/"],
  ["POST", "/photos//"],
  ["POST", "/photos;v=1"],
  ["POST", "/PHOTOS"],
] as const) {
  test(`a body is no way around a flow: ${method} ${path}`, async () => {
    await service.clear();
    const body =
      '--b\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\nx\r\n--b--\r\n';
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const answer = await ask(open.origin, { method, path, headers, body });
    assert.ok(answer.status >= 300, `${answer.status}`);
    const files = (await service.received()).flatMap((upload) => upload.files);
    assert.deepEqual(files, []);
    if (method !== "POST") assert.equal(problemCode(answer), "METHOD_NOT_ALLOWED");
  });
}

for (const path of ["/photos/", "//photos", "/photos//", "/PHOTOS", "/photos;v=1", "/photos."]) {
  test(`a body is no way around a flow by another spelling: ${path}`, async () => {
    await service.clear();
    const answer = await ask(open.origin, { method: "POST", path, body: "not judged by any flow" });
    assert.ok(answer.status === 404 || answer.status === 400, String(answer.status));
    assert.match(problemCode(answer), /^(ROUTE_UNKNOWN|REQUEST_TARGET_INVALID)$/);
    assert.deepEqual(await service.received(), []);
  });
}

test("a request without a body to a flow's path passes through by another method", async () => {
  await service.clear();
  const answer = await ask(open.origin, { path: "/photos" });
  assert.deepEqual([answer.status, answer.body.toString()], [405, '{"detail":"Method Not Allowed"}']);
});

test("CONNECT and TRACE are never passed on", async () => {
  await service.clear();
  for (const line of ["TRACE /any/a HTTP/1.1", "CONNECT other.example:80 HTTP/1.1"]) {
    const exchange = await sendProbe(
      open.origin,
      probeBytes({ files: [], fields: [] }, `${line}\r\nHost: gate\r\n\r\n`),
      LIMITS,
    );
    const status = exchange.answers[0]?.status ?? 0;
    assert.ok(
      status === 501 || status === 405 || status === 400 || exchange.answers.length === 0,
      `${line}: ${status}`,
    );
  }
  assert.deepEqual(await service.received(), []);
});

test("a request id goes from end to end, and a hostile one is replaced", async () => {
  await service.clear();
  const kept = await ask(open.origin, { path: "/any/a", headers: { "x-request-id": "client-id-1" } });
  assert.equal(kept.headers["x-request-id"], "client-id-1");
  assert.deepEqual((await lastReceived()).header("x-request-id"), ["client-id-1"]);
  const hostile = await ask(open.origin, {
    path: "/any/a",
    headers: { "x-request-id": "<script>".repeat(100) },
  });
  assert.match(String(hostile.headers["x-request-id"]), /^[\w-]{1,128}$/);
});
