/**
 * A stop, with work of every kind under way: what may finish does, what may not is ended so that it can be sent again, and the gate ends with 0.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { AnswerReader, headerOf } from "../src/checks/answer-reader.ts";
import { ask, problemCode } from "./ask.ts";
import { CountingService } from "./counting-service.ts";
import { type GateOptions, type GateUnderTest, restartGate, startGate } from "./gate-under-test.ts";
import { openHttp2Client } from "./http2-client.ts";
import { makeCertificate } from "./tls-files.ts";
import { until } from "./until.ts";

const MEGABYTE = 1024 * 1024;
const service = new CountingService();
let options: GateOptions;
let gates: GateUnderTest[] = [];

before(async () => {
  options = { upstream: await service.listen(), flows: ["raw", "large"], passThrough: true };
});

beforeEach(() => service.hold());

afterEach(async () => {
  service.release();
  for (const gate of gates) await gate.stop();
  gates = [];
});

after(() => service.stop());

async function start(limits: string, more: Partial<GateOptions> = {}): Promise<GateUnderTest> {
  const gate = await startGate({ ...options, limits, ...more });
  gates.push(gate);
  return gate;
}

async function open({ origin }: GateUnderTest, bytes: string): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(bytes);
  return socket;
}

async function heard(socket: Socket): Promise<AnswerReader> {
  const reader = new AnswerReader();
  socket.on("data", (bytes: Buffer) => reader.push(bytes));
  if (!socket.destroyed) await once(socket, "close");
  return reader;
}

async function isStopping({ operatorOrigin }: GateUnderTest): Promise<boolean> {
  const answer = await fetch(`${operatorOrigin}/health/ready`);
  return answer.status === 503 && /being stopped/.test(await answer.text());
}

/** Kept connections, as clients have them. */
function askKept(gate: GateUnderTest, agent: Agent, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gate.origin);
    const outgoing = request({
      hostname,
      port,
      agent,
      method: "PUT",
      path,
      headers: { "content-length": 3 },
    });
    outgoing.on("response", resolve).on("error", reject).end("abc");
  });
}

test("what runs finishes, what is new hears a 503, and readiness says so at once", async () => {
  const gate = await start("stop: 10s");
  const upload = await open(gate, "PUT /raw/a.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: 6\r\n\r\nabc");
  const download = await open(gate, `GET /download/${32 * MEGABYTE} HTTP/1.1\r\nHost: gate\r\n\r\n`);
  download.pause();
  const delivery = ask(gate.origin, { method: "PUT", path: "/raw/held.bin", body: "abc" });
  const passing = ask(gate.origin, { method: "PUT", path: "/past/held.bin", body: "abc" });
  await until(async () => (await activeUploads(gate)) === 2, "two uploads at work");
  gate.signal("SIGTERM");
  await until(() => isStopping(gate), "readiness says that the gate is being stopped");

  const refused = await ask(gate.origin, { method: "PUT", path: "/raw/b.bin", body: "abc" });
  assert.deepEqual([refused.status, problemCode(refused)], [503, "GATE_STOPPING"]);
  assert.deepEqual([refused.headers["retry-after"], refused.headers.connection], ["5", "close"]);
  assert.equal((await ask(gate.origin, { path: "/thing" })).status, 503);

  upload.write("def");
  service.release();
  const [uploaded, downloaded] = await Promise.all([heard(upload), heard(download.resume())]);
  const [answer] = uploaded.answers;
  assert.deepEqual([answer?.status, answer && headerOf(answer, "connection")], [201, "close"]);
  assert.equal(downloaded.answers[0]?.body.length, 32 * MEGABYTE);
  assert.deepEqual([(await delivery).status, (await passing).status], [201, 201]);
  await gate.ended();
  assert.equal(gate.exitCode(), 0);
});

async function activeUploads({ operatorOrigin }: GateUnderTest): Promise<number> {
  const text = await (await fetch(`${operatorOrigin}/metrics`)).text();
  return Number(/^sluicegate_uploads_active (\d+)$/m.exec(text)?.[1]);
}

test("kept connections without a request do not hold the gate up", async () => {
  const gate = await start("stop: 30s");
  const agent = new Agent({ keepAlive: true });
  const first = await askKept(gate, agent, "/raw/a.bin");
  await first.toArray();
  const startedAt = performance.now();
  gate.signal("SIGTERM");
  await gate.ended();
  assert.ok(performance.now() - startedAt < 3000);
  assert.equal(gate.exitCode(), 0);
  agent.destroy();
});

test("when the time is over the rest is ended: whole answers or none, and states that a start goes on from", async () => {
  const gate = await start("stop: 500ms");
  const uploading = await open(
    gate,
    `PUT /large/a.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: ${4 * MEGABYTE}\r\n\r\n${"a".repeat(2 * MEGABYTE)}`,
  );
  const download = await open(gate, `GET /download/${64 * MEGABYTE} HTTP/1.1\r\nHost: gate\r\n\r\n`);
  download.pause();
  const passing = await open(
    gate,
    "PUT /past/held.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: 3\r\n\r\nabc",
  );
  const delivery = await open(
    gate,
    "PUT /raw/held.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: 3\r\n\r\nabc",
  );
  await until(async () => (await gate.uploads()).length === 2, "both uploads are on record");
  const startedAt = performance.now();
  gate.signal("SIGTERM");
  const [uploaded, passed, delivered] = await Promise.all([
    heard(uploading),
    heard(passing),
    heard(delivery),
  ]);
  await gate.ended();
  assert.ok(performance.now() - startedAt < 6000, "it took too long");
  assert.equal(gate.exitCode(), 0);
  for (const reader of [uploaded, passed, delivered]) {
    assert.equal(reader.malformed, null);
    assert.deepEqual(
      reader.answers.map(({ status }) => status),
      [503],
    );
    assert.match(Buffer.from(reader.answers[0]?.body ?? []).toString(), /"code":"GATE_STOPPING"/);
  }
  const downloaded = await heard(download.resume());
  assert.equal(downloaded.answers.length, 0, "a download that was cut off must not look whole");

  const again = await restartGate(gate, { ...options });
  gates.push(again);
  const states = new Map((await again.uploads()).map(({ flow, state }) => [flow, state]));
  assert.deepEqual([states.get("large"), states.get("raw")], ["aborted", "undeliverable"]);
  assert.deepEqual(await again.quarantined(), []);
});

test("over HTTP/2 a stop sends GOAWAY, and what is at work is answered", async () => {
  const certificate = await makeCertificate("edge");
  const gate = await start("stop: 10s", { tls: certificate });
  const session = openHttp2Client(gate.origin, certificate.pem);
  const stream = session.request({ ":method": "PUT", ":path": "/raw/a.bin" });
  stream.on("error", () => {});
  stream.write("abc");
  await until(async () => (await activeUploads(gate)) === 1, "the upload is at work");
  const goneAway = once(session, "goaway");
  gate.signal("SIGTERM");
  await goneAway;
  stream.end("def");
  const [headers] = await once(stream, "response");
  assert.equal(headers[":status"], 201);
  stream.resume();
  await gate.ended();
  assert.equal(gate.exitCode(), 0);
  session.destroy();
  await certificate.remove();
});

test("a WebSocket does not hold the gate up, and is closed with it", async () => {
  const gate = await start("stop: 10s");
  const socket = await open(
    gate,
    "GET /socket HTTP/1.1\r\nHost: gate\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  assert.match(head.toString(), /^HTTP\/1\.1 101 /);
  const startedAt = performance.now();
  gate.signal("SIGTERM");
  await once(socket, "close");
  await gate.ended();
  assert.ok(performance.now() - startedAt < 3000);
  assert.equal(gate.exitCode(), 0);
});

test("a second SIGINT ends the gate at once", async () => {
  const gate = await start("stop: 30s");
  const uploading = await open(gate, "PUT /raw/a.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: 6\r\n\r\nabc");
  await until(async () => (await activeUploads(gate)) === 1, "the upload is at work");
  gate.signal("SIGINT");
  await until(() => isStopping(gate), "it is stopping");
  gate.signal("SIGINT");
  await gate.ended();
  assert.equal(gate.exitCode(), 1);
  uploading.destroy();
});
