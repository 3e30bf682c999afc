/**
 * One request has one reading: what two servers in a row could read differently is refused, byte by byte on bare sockets. Each request has a
 * second one behind it, and nobody may answer that one after a refusal (TR-03, TR-04, TR-05, TR-08).
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { type Answer, AnswerReader, headerOf } from "../src/checks/answer-reader.ts";
import { type Counted, CountingService } from "./counting-service.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";

const service = new CountingService();
let gate: GateUnderTest;

before(async () => {
  gate = await startGate({ upstream: await service.listen(), flows: ["raw"], passThrough: true });
});

after(async () => {
  await gate?.stop();
  await service.stop();
});

const CANARY = "GET /canary HTTP/1.1\r\nHost: gate.example\r\n\r\n";

/** Writes bytes and reads answers until the gate closes, or for as long as nothing comes after the `wanted` first ones. */
async function exchange(
  bytes: string,
  wanted = 1,
): Promise<{ answers: readonly Answer[]; isClosed: boolean }> {
  const reader = new AnswerReader();
  const { hostname, port } = new URL(gate.origin);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, "connect");
  let isClosed = false;
  socket.on("error", () => {}).on("data", (chunk: Buffer) => reader.push(chunk));
  socket.once("end", () => {
    isClosed = true;
  });
  socket.write(Buffer.from(bytes, "latin1"));
  const givesUpAt = performance.now() + 4000;
  while (!isClosed && !socket.destroyed && reader.answers.length < wanted && performance.now() < givesUpAt)
    await new Promise((resolve) => setTimeout(resolve, 5));
  // What would come after the last answer comes within this time.
  const quietUntil = performance.now() + 150;
  while (!isClosed && performance.now() < quietUntil) await new Promise((resolve) => setTimeout(resolve, 5));
  if (isClosed) reader.end();
  socket.destroy();
  return { answers: reader.answers, isClosed };
}

const head = (...lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
const get = (...headers: readonly string[]): string =>
  head("GET /thing HTTP/1.1", "Host: gate.example", ...headers);
const put = (headers: readonly string[], body: string): string =>
  head("PUT /raw/a.bin HTTP/1.1", "Host: gate.example", ...headers) + body;

const MALFORMED: readonly (readonly [name: string, bytes: string])[] = [
  ["a folded header line", head("GET /thing HTTP/1.1", "Host: gate.example", "X-A: b", " c")],
  ["a folded line right after the request line", head("GET /thing HTTP/1.1", " Host: gate.example")],
  ["a bare LF after the request line", "GET /thing HTTP/1.1\nHost: gate.example\r\n\r\n"],
  ["a bare LF after a header", "GET /thing HTTP/1.1\r\nHost: gate.example\nX-A: b\r\n\r\n"],
  ["a bare LF as the empty line", "GET /thing HTTP/1.1\r\nHost: gate.example\r\n\n"],
  ["a bare CR in a header", "GET /thing HTTP/1.1\r\nHost: gate.example\r\nX-A: b\rX-B: c\r\n\r\n"],
  ["a bare CR after the request line", "GET /thing HTTP/1.1\rHost: gate.example\r\n\r\n"],
  ["a space before the colon", get("X-A : b")],
  ["a tab before the colon", get("X-A\t: b")],
  ["an empty header name", get(": b")],
  ["a NUL in a header", get("X-A: b\0c")],
  ["a control character in a header", get("X-A: b\x01c")],
  ["no Host", head("GET /thing HTTP/1.1")],
  ["an empty Host", head("GET /thing HTTP/1.1", "Host:")],
  ["two Hosts", get("Host: other.example")],
  ["a Host with a userinfo", head("GET /thing HTTP/1.1", "Host: a@gate.example")],
  ["a Host with a path", head("GET /thing HTTP/1.1", "Host: gate.example/x")],
  ["a Host with a space", head("GET /thing HTTP/1.1", "Host: gate.example evil")],
  ["a Host that is a list", head("GET /thing HTTP/1.1", "Host: gate.example, other.example")],
  ["a Host with a port that is no number", head("GET /thing HTTP/1.1", "Host: gate.example:80a")],
  ["a Host with an empty port", head("GET /thing HTTP/1.1", "Host: gate.example:")],
  ["a Host with port 0", head("GET /thing HTTP/1.1", "Host: gate.example:0")],
  ["a Host with a port that is too large", head("GET /thing HTTP/1.1", "Host: gate.example:65536")],
  ["a Host with two ports", head("GET /thing HTTP/1.1", "Host: gate.example:80:90")],
  ["a Host with half a bracket", head("GET /thing HTTP/1.1", "Host: [::1")],
  ["HTTP/0.9", "GET /thing\r\n"],
  ["HTTP/0.9 that says so", head("GET /thing HTTP/0.9", "Host: gate.example")],
  ["HTTP/2.0 in a request line", head("GET /thing HTTP/2.0", "Host: gate.example")],
  ["HTTP/1.2", head("GET /thing HTTP/1.2", "Host: gate.example")],
  ["HTTP/1.10", head("GET /thing HTTP/1.10", "Host: gate.example")],
  ["http in lower case", head("GET /thing http/1.1", "Host: gate.example")],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"],
  ["a tab before the target", head("GET\t/thing HTTP/1.1", "Host: gate.example")],
  ["a method in lower case", head("get /thing HTTP/1.1", "Host: gate.example")],
  ["a space before the method", head(" GET /thing HTTP/1.1", "Host: gate.example")],
  ["a Content-Length with white space inside", put(["Content-Length: 1 0"], "0123456789")],
  ["a Content-Length with a vertical tab", put(["Content-Length: \x0b10"], "0123456789")],
  ["an empty Content-Length", put(["Content-Length:"], "")],
  ["Transfer-Encoding with a quality", put(["Transfer-Encoding: chunked;q=1"], "0\r\n\r\n")],
  ["Transfer-Encoding: gzip, chunked", put(["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n")],
  ["an empty Transfer-Encoding", put(["Transfer-Encoding:", "Content-Length: 3"], "abc")],
  ["a list with an empty member", put(["Transfer-Encoding: ,chunked"], "0\r\n\r\n")],
  ["a chunk size with white space before it", put(["Transfer-Encoding: chunked"], " 3\r\nabc\r\n0\r\n\r\n")],
  ["a chunk size with white space after it", put(["Transfer-Encoding: chunked"], "3 \r\nabc\r\n0\r\n\r\n")],
  ["an empty chunk size", put(["Transfer-Encoding: chunked"], "\r\nabc\r\n0\r\n\r\n")],
  ["a chunk size with an underscore", put(["Transfer-Encoding: chunked"], "0_3\r\nabc\r\n0\r\n\r\n")],
  ["a bare LF in a chunk extension", put(["Transfer-Encoding: chunked"], "3;x\nabc\r\n0\r\n\r\n")],
  ["a bare CR in a chunk extension", put(["Transfer-Encoding: chunked"], "3;x\rabc\r\n0\r\n\r\n")],
  [
    "a line end in a quoted chunk extension",
    put(["Transfer-Encoding: chunked"], '3;x="\r\n"\r\nabc\r\n0\r\n\r\n'),
  ],
  ["a bare LF after the last chunk", put(["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\n\n")],
  ["a trailer without a colon", put(["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\nX-A\r\n\r\n")],
  [
    "a trailer with a space in its name",
    put(["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\nX A: b\r\n\r\n"),
  ],
];

for (const [name, bytes] of MALFORMED) {
  test(`${name} is refused, and the request behind it is never answered`, async () => {
    const { answers, isClosed } = await exchange(bytes + CANARY);
    assert.equal(answers.length, 1);
    assert.equal(answers[0]?.status, 400);
    assert.match(
      Buffer.from(answers[0]?.body ?? []).toString(),
      /"code":"(REQUEST_MALFORMED|REQUEST_HEADER_DUPLICATED)"/,
    );
    assert.ok(isClosed, "the connection is still open");
  });
}

const TARGETS: readonly (readonly [name: string, line: string, status: number])[] = [
  ["an absolute target with another host than Host", "GET http://other.example/thing HTTP/1.1", 400],
  ["an absolute target with the same host", "GET http://gate.example/thing HTTP/1.1", 400],
  ["an absolute target with a userinfo", "GET http://a@gate.example/thing HTTP/1.1", 400],
  ["a target that begins with two slashes", "GET //other.example/thing HTTP/1.1", 400],
  ["the asterisk", "OPTIONS * HTTP/1.1", 400],
  ["a target with a fragment", "GET /thing#x HTTP/1.1", 400],
  ["CONNECT", "CONNECT gate.example:443 HTTP/1.1", 501],
  ["TRACE", "TRACE /thing HTTP/1.1", 501],
];

for (const [name, line, status] of TARGETS) {
  test(`${name} is not passed on`, async () => {
    const before = service.counted;
    const { answers } = await exchange(head(line, "Host: gate.example", "Connection: close") + CANARY);
    assert.deepEqual([answers.length, answers[0]?.status], [1, status]);
    assert.equal(service.counted, before);
  });
}

const BENIGN: readonly (readonly [name: string, bytes: string, sizeBytes: number])[] = [
  ["a chunk extension", put(["Transfer-Encoding: chunked"], "3;name=value\r\nabc\r\n0\r\n\r\n"), 3],
  [
    "a quoted chunk extension",
    put(["Transfer-Encoding: chunked"], '3;a="b c; d\\"e"\r\nabc\r\n0\r\n\r\n'),
    3,
  ],
  ["trailers", put(["Transfer-Encoding: chunked", "Trailer: X-A"], "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"), 3],
  [
    "Chunked in capitals, in a chunk size too",
    put(["Transfer-Encoding: Chunked"], "A\r\n0123456789\r\n0\r\n\r\n"),
    10,
  ],
  ["leading zeros of a chunk size", put(["Transfer-Encoding: chunked"], "0003\r\nabc\r\n000\r\n\r\n"), 3],
  ["a Host with a port", put(["Content-Length: 3"], "abc").replace("gate.example", "gate.example:8080"), 3],
  [
    "a Host that is an IPv6 address",
    put(["Content-Length: 3"], "abc").replace("gate.example", "[::1]:8080"),
    3,
  ],
  ["a Host with an underscore", put(["Content-Length: 3"], "abc").replace("gate.example", "my_gate"), 3],
];

for (const [name, bytes, sizeBytes] of BENIGN) {
  test(`${name}: nothing is wrong with it, and a second request is answered`, async () => {
    const { answers } = await exchange(bytes + CANARY, 2);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201],
    );
    const counted = JSON.parse(Buffer.from(answers[0]?.body ?? []).toString()) as Counted;
    assert.equal(counted.sizeBytes, sizeBytes);
    assert.deepEqual([counted.headers["x-a"], counted.headers.trailer], [undefined, undefined]);
  });
}

test("spaces that the parser forgives do not reach the service: its request line is written anew", async () => {
  for (const line of ["GET  /thing HTTP/1.1", "GET /thing  HTTP/1.1"]) {
    const { answers } = await exchange(head(line, "Host: gate.example") + CANARY, 2);
    const paths = answers.map(({ body }) => (JSON.parse(Buffer.from(body).toString()) as Counted).path);
    assert.deepEqual(paths, ["/thing", "/canary"]);
  }
});

test("HTTP/1.0 without a Host is taken, and its connection ends with the answer", async () => {
  const { answers, isClosed } = await exchange(head("GET /thing HTTP/1.0") + CANARY);
  assert.deepEqual([answers.map(({ status }) => status), isClosed], [[201], true]);
});

test("a request behind an early refusal is never answered, however it comes", async () => {
  const big = head("PUT /raw/a.bin HTTP/1.1", "Host: gate.example", "Content-Length: 99999999");
  const { answers, isClosed } = await exchange(big + CANARY.repeat(50));
  assert.deepEqual([answers.length, answers[0]?.status, isClosed], [1, 413, true]);
  assert.ok(answers[0] !== undefined && headerOf(answers[0], "connection") === "close");
});

test("requests sent ahead of their answers are answered in order", async () => {
  const { answers } = await exchange(
    get().replace("/thing", "/one") + get().replace("/thing", "/two") + CANARY,
    3,
  );
  const paths = answers.map(({ body }) => (JSON.parse(Buffer.from(body).toString()) as Counted).path);
  assert.deepEqual(paths, ["/one", "/two", "/canary"]);
});
