/**
 * What a client can take up at most: connections, time for headers and bodies, time to read its answer. Each limit with a client that keeps it.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { AnswerReader } from "../src/checks/answer-reader.ts";
import { ask, begin, problemCode } from "./ask.ts";
import { CountingService } from "./counting-service.ts";
import { type GateOptions, type GateUnderTest, startGate } from "./gate-under-test.ts";
import { answerOf, askHttp2, openHttp2Client } from "./http2-client.ts";
import { makeCertificate, type TestCertificate } from "./tls-files.ts";
import { until } from "./until.ts";

const MEGABYTE = 1024 * 1024;
const service = new CountingService();
let upstream: string;
let certificate: TestCertificate;

before(async () => {
  upstream = await service.listen();
  certificate = await makeCertificate("edge");
});

after(async () => {
  await service.stop();
  await certificate?.remove();
});

async function withGate(
  options: Partial<GateOptions>,
  run: (gate: GateUnderTest) => Promise<void>,
): Promise<void> {
  const gate = await startGate({ upstream, flows: ["raw", "large"], passThrough: true, ...options });
  try {
    await run(gate);
  } finally {
    await gate.stop();
  }
}

async function open({ origin }: GateUnderTest, bytes = ""): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => {});
  await once(socket, "connect");
  if (bytes !== "") socket.write(bytes);
  return socket;
}

/** All that comes until the connection ends. */
async function heard(socket: Socket): Promise<AnswerReader> {
  const reader = new AnswerReader();
  socket.on("data", (bytes: Buffer) => reader.push(bytes));
  if (!socket.destroyed) await once(socket, "close");
  return reader;
}

const statusOf = (reader: AnswerReader): number | undefined => reader.answers[0]?.status;
const textOf = (reader: AnswerReader): string => Buffer.from(reader.answers[0]?.body ?? []).toString();

async function metric({ operatorOrigin }: GateUnderTest, line: RegExp): Promise<number> {
  const text = await (await fetch(`${operatorOrigin}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? Number.NaN);
}

const UPLOADING = "PUT /large/a.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: 1000\r\n\r\nabc";

test("who comes when all connections are at work hears an honest 503, and is served once one is free", async () => {
  await withGate({ limits: "connections: 3, idle: 20s" }, async (gate) => {
    const busy = await Promise.all([open(gate, UPLOADING), open(gate, UPLOADING), open(gate, UPLOADING)]);
    await until(
      async () => (await metric(gate, /^sluicegate_uploads_active (\d+)$/m)) === 3,
      "three at work",
    );
    for (let round = 0; round < 5; round += 1) {
      const answer = await ask(gate.origin, {
        method: "PUT",
        path: "/raw/b.bin",
        body: Buffer.alloc(200_000),
      });
      assert.deepEqual([answer.status, problemCode(answer)], [503, "GATE_BUSY"]);
      assert.deepEqual([answer.headers["retry-after"], answer.headers.connection], ["5", "close"]);
    }
    assert.equal(await metric(gate, /turned_away_total\{how="told"\} (\d+)/), 5);
    assert.equal(await metric(gate, /^sluicegate_connections_active (\d+)$/m), 3);
    for (const socket of busy) socket.destroy();
    await until(
      async () => (await ask(gate.origin, { method: "PUT", path: "/raw/b.bin", body: "abc" })).status === 201,
      "a place is free",
    );
  });
});

test("who says nothing hears the 503 too, and far too many are dropped", async () => {
  await withGate({ limits: "connections: 1, idle: 20s" }, async (gate) => {
    const busy = await open(gate, UPLOADING);
    await until(async () => (await metric(gate, /^sluicegate_uploads_active (\d+)$/m)) === 1, "one at work");
    const silent = await Promise.all(Array.from({ length: 80 }, () => open(gate)));
    const readers = await Promise.all(silent.map(heard));
    assert.equal(readers.filter((reader) => statusOf(reader) === 503).length, 64);
    assert.equal(readers.filter((reader) => reader.answers.length === 0).length, 16);
    assert.equal(await metric(gate, /turned_away_total\{how="dropped"\} (\d+)/), 16);
    busy.destroy();
  });
});

test("an idle connection makes room for one that has something to ask", async () => {
  await withGate({ limits: "connections: 2, idle: 20s" }, async (gate) => {
    const idle = await Promise.all([open(gate), open(gate)]);
    let gone = 0;
    for (const socket of idle) socket.once("close", () => (gone += 1));
    await until(
      async () => (await ask(gate.origin, { path: "/thing" })).status === 201,
      "an idle one has gone",
    );
    assert.equal(gone, 1);
    assert.equal(await metric(gate, /turned_away_total\{how="evicted"\} (\d+)/), 1);
    for (const socket of idle) socket.destroy();
  });
});

test("over TLS the 503 is heard over HTTP/1.1 and HTTP/2", async () => {
  await withGate({ limits: "connections: 1, idle: 20s", tls: certificate }, async (gate) => {
    const { port } = new URL(gate.origin);
    const busy = connectTls({
      port: Number(port),
      host: "127.0.0.1",
      ca: certificate.pem,
      ALPNProtocols: ["http/1.1"],
    });
    busy.on("error", () => {});
    await once(busy, "secureConnect");
    busy.write(UPLOADING);
    await until(async () => (await metric(gate, /^sluicegate_uploads_active (\d+)$/m)) === 1, "one at work");
    const session = openHttp2Client(gate.origin, certificate.pem);
    const answer = await askHttp2(session, { path: "/thing" });
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "5"]);
    assert.match(answer.body.toString(), /GATE_BUSY/);
    session.destroy();
    const late = connectTls({ port: Number(port), host: "127.0.0.1", ca: certificate.pem });
    late.on("error", () => {});
    await once(late, "secureConnect");
    late.write("GET /thing HTTP/1.1\r\nHost: gate\r\n\r\n");
    assert.equal(statusOf(await heard(late)), 503);
    busy.destroy();
  });
});

test("over HTTP/2 no more bodies come at once than connections may", async () => {
  await withGate({ limits: "connections: 2, idle: 20s", tls: certificate }, async (gate) => {
    const session = openHttp2Client(gate.origin, certificate.pem);
    const two = [0, 1].map(() => session.request({ ":method": "PUT", ":path": "/large/a.bin" }));
    for (const stream of two) {
      stream.on("error", () => {});
      stream.write("abc");
    }
    await until(async () => (await metric(gate, /^sluicegate_uploads_active (\d+)$/m)) === 2, "two at work");
    assert.equal((await askHttp2(session, { method: "PUT", path: "/raw/a.bin", body: "abc" })).status, 503);
    assert.equal((await answerOf(session.request({ ":path": "/thing" }).end())).status, 201);
    for (const stream of two) stream.close();
    const later = async () =>
      (await askHttp2(session, { method: "PUT", path: "/raw/a.bin", body: "abc" })).status;
    await until(async () => (await later()) === 201, "a place is free");
    session.destroy();
  });
});

test("headers must all be there in time, however steadily they drip; what is in time is answered", async () => {
  await withGate({ limits: "headers: 1s, idle: 20s" }, async (gate) => {
    const startedAt = performance.now();
    const socket = await open(gate, "GET /thing HTTP/1.1\r\nHost: gate\r\n");
    const drip = setInterval(() => socket.writable && socket.write("X-A: b\r\n"), 100);
    const reader = await heard(socket);
    clearInterval(drip);
    assert.deepEqual([statusOf(reader), /REQUEST_TIMEOUT/.test(textOf(reader))], [408, true]);
    assert.ok(performance.now() - startedAt < 5000);
    const silent = await open(gate);
    assert.equal(statusOf(await heard(silent)), 408);
    assert.equal((await ask(gate.origin, { path: "/thing" })).status, 201);
  });
});

test("a body slower than the minimum rate on average is refused; a faster one passes", async () => {
  await withGate({ limits: "min-rate: 20 KiB/s, idle: 1s" }, async (gate) => {
    const slow = await open(gate, "PUT /raw/a.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: 500000\r\n\r\n");
    // 10 KB a second: progress in every window, and half of what is asked for.
    const drip = setInterval(() => slow.writable && slow.write(Buffer.alloc(1000)), 100);
    const reader = await heard(slow);
    clearInterval(drip);
    assert.equal(statusOf(reader), 408);
    assert.match(textOf(reader), /bytes a second on average/);
    const fast = await open(
      gate,
      "PUT /raw/a.bin HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n",
    );
    const pour = setInterval(() => fast.writable && fast.write(Buffer.alloc(5000)), 100);
    const answered = await heard(fast);
    clearInterval(pour);
    assert.equal(statusOf(answered), 201);
  });
});

test("a passing body that stops is given up after the idle time, and the service is told", async () => {
  await withGate({ limits: "idle: 1s" }, async (gate) => {
    const { brokenOff } = service;
    const socket = await open(
      gate,
      "PUT /past/a.bin HTTP/1.1\r\nHost: gate\r\nContent-Length: 1000\r\n\r\nabc",
    );
    const reader = await heard(socket);
    assert.deepEqual([statusOf(reader), /REQUEST_TIMEOUT/.test(textOf(reader))], [408, true]);
    await until(() => service.brokenOff === brokenOff + 1, "the service sees that it broke off");
  });
});

test("who does not read a passing answer is cut off after the idle time; who reads slowly gets all of it", async () => {
  await withGate({ limits: "idle: 1s" }, async (gate) => {
    const deaf = await open(gate, `GET /download/${64 * MEGABYTE} HTTP/1.1\r\nHost: gate\r\n\r\n`);
    deaf.pause();
    await until(
      async () => (await metric(gate, /turned_away_total\{how="stalled"\} (\d+)/)) === 1,
      "it is cut off",
    );
    await until(
      async () => (await metric(gate, /^sluicegate_connections_active (\d+)$/m)) === 0,
      "it is gone",
    );
    const slow = await begin(gate.origin, { path: `/download/${16 * MEGABYTE}` });
    let got = 0;
    for await (const chunk of slow) {
      got += (chunk as Buffer).length;
      if (got % (4 * MEGABYTE) < (chunk as Buffer).length)
        await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.equal(got, 16 * MEGABYTE);
  });
});

test("over HTTP/2 a stream that nobody reads is cut off, and its connection goes on", async () => {
  await withGate({ limits: "idle: 1s", tls: certificate }, async (gate) => {
    const session = openHttp2Client(gate.origin, certificate.pem);
    const deaf = session.request({ ":path": `/download/${64 * MEGABYTE}` });
    deaf.on("error", () => {});
    await once(deaf, "response");
    deaf.pause();
    await until(() => deaf.closed, "the stream is reset");
    assert.notEqual(deaf.rstCode, 0);
    assert.equal((await askHttp2(session, { path: "/thing" })).status, 201);
    session.destroy();
  });
});

test("events that have nothing to tell are not cut off", async () => {
  await withGate({ limits: "idle: 500ms" }, async (gate) => {
    service.hold();
    const events = await begin(gate.origin, { path: "/events" });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    service.release();
    assert.match(Buffer.concat((await events.toArray()) as Buffer[]).toString(), /first[\s\S]*last/);
  });
});

test("HTTP that is sent to the TLS port is let go, and the gate goes on", async () => {
  await withGate({ tls: certificate }, async (gate) => {
    const socket = await open(gate, "GET /thing HTTP/1.1\r\nHost: gate\r\n\r\n");
    assert.deepEqual((await heard(socket)).answers, []);
    const session = openHttp2Client(gate.origin, certificate.pem);
    assert.equal((await askHttp2(session, { path: "/thing" })).status, 201);
    session.destroy();
  });
});
