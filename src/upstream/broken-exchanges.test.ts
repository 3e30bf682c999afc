import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  call,
  codeOf,
  listen,
  openServers,
  openUpstreams,
  relayAll,
  reportOf,
  startCall,
  startGate,
  startRawService,
  startService,
} from "../../test/upstream/relay-gate.ts";
import { GateError } from "../problems/gate-error.ts";
import { connectUpstream } from "./connect-upstream.ts";

test("a service that is not there, or hangs up without a byte, is unreachable", async () => {
  const closed = await startService(() => {});
  const port = Number(new URL(closed).port);
  for (const server of openServers)
    if ((server.address() as AddressInfo | null)?.port === port) server.close();
  const gate = await startGate(closed);
  const answer = await call(gate.port, { method: "POST", body: Buffer.from("x") });
  assert.equal(answer.status, 502);
  assert.equal(answer.body.toString(), "UPSTREAM_UNREACHABLE");
  await assert.rejects(gate.upstream.probe(), { code: "UPSTREAM_UNREACHABLE" });

  const rude = await startGate(await startRawService((socket) => socket.destroy()));
  assert.equal(
    (await call(rude.port, { method: "POST", body: Buffer.from("x") })).body.toString(),
    "UPSTREAM_UNREACHABLE",
  );
  await rude.upstream.probe();
});

test("bytes that are no HTTP answer, and heads that break off, are an invalid answer", async () => {
  for (const bytes of [
    "SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n",
  ]) {
    const gate = await startGate(await startRawService((socket) => socket.end(bytes)));
    assert.equal((await call(gate.port)).body.toString(), "UPSTREAM_ANSWER_INVALID", JSON.stringify(bytes));
  }
});

test("an answer that breaks off after its head closes the client's connection", async () => {
  for (const head of ["Content-Length: 100", "Transfer-Encoding: chunked"]) {
    const part = head.startsWith("C") ? "half" : "4\r\nhalf\r\n";
    const gate = await startGate(
      await startRawService((socket) => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${part}`)),
    );
    const outcome = gate.nextOutcome();
    await assert.rejects(call(gate.port), { code: "ECONNRESET" });
    assert.equal(reportOf(await outcome).answerBytes, 4);
  }
});

test("a service that is silent after the request, or in the middle of its answer, runs into the timeout", async () => {
  const silent = await startGate(await startService((req) => void req.resume()), relayAll(), 150);
  const answer = await call(silent.port, { method: "POST", body: Buffer.from("x") });
  assert.equal(answer.status, 504);
  assert.equal(answer.body.toString(), "UPSTREAM_TIMEOUT");
  const halfway = await startService(
    (_req, res) => void res.writeHead(200, { "Content-Length": "10" }).write("half"),
  );
  const gate = await startGate(halfway, relayAll(), 150);
  await assert.rejects(call(gate.port), { code: "ECONNRESET" });
});

test("the timeout counts from the last byte of the request, however slowly the client sends", async () => {
  const url = await startService((req, res) => void req.resume().on("end", () => res.end("ok")));
  const gate = await startGate(url, relayAll(), 150);
  const req = startCall({ port: gate.port, method: "POST" });
  const answered = once(req, "response") as Promise<[IncomingMessage]>;
  for (let index = 0; index < 5; index += 1) {
    req.write("x");
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  req.end();
  const [res] = await answered;
  assert.equal(res.statusCode, 200);
  res.resume();
});

test("an early answer comes through while the body still flows, and the rest is drained", async () => {
  const url = await startService((_req, res) => {
    res.writeHead(413, { Connection: "close", "Content-Length": "9" });
    res.end("too large");
  });
  for (const connection of Array.from({ length: 5 }, () => ["keep-alive", "close"]).flat()) {
    const ends: boolean[] = [];
    const gate = await startGate(url, relayAll({ tapEnd: (isComplete) => ends.push(isComplete) }));
    const body = Buffer.alloc(16 * 1024 * 1024);
    const answer = await call(gate.port, { method: "POST", body, headers: { Connection: connection } });
    assert.equal(answer.status, 413);
    assert.equal(answer.body.toString(), "too large");
    assert.deepEqual(ends, [false]);
  }
});

test("a service that answers while it reads is a conversation", async () => {
  const url = await startService((req, res) => {
    res.writeHead(200);
    req.on("data", (chunk) => res.write(chunk)).on("end", () => res.end());
  });
  const gate = await startGate(url);
  const req = startCall({ port: gate.port, method: "POST" });
  req.write("one");
  const [res] = (await once(req, "response")) as [IncomingMessage];
  assert.equal(String((await once(res, "data"))[0]), "one");
  req.write("two");
  assert.equal(String((await once(res, "data"))[0]), "two");
  req.end();
  await once(res.resume(), "end");
});

test("a client that leaves takes the service's exchange with it", async () => {
  const gone = Promise.withResolvers<void>();
  const url = await startService((req) => void req.resume().on("close", () => gone.resolve()));
  const gate = await startGate(url);
  const outcome = gate.nextOutcome();
  const req = startCall({ port: gate.port, method: "POST", headers: { "Content-Length": 100 } });
  req.write("x");
  await turn();
  setTimeout(() => req.destroy(), 50);
  await gone.promise;
  assert.equal(codeOf(await outcome), "REQUEST_ABORTED");
});

test("a signal ends an exchange, with its own reason where that is an error of the gate", async () => {
  const url = await startService((req) => void req.resume());
  for (const reason of [undefined, new GateError("REQUEST_TIMEOUT")]) {
    const controller = new AbortController();
    const gate = await startGate(url, relayAll({ signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 50);
    const answer = await call(gate.port, { method: "POST", body: Buffer.from("x") });
    assert.equal(answer.body.toString(), reason?.code ?? "GATE_STOPPING");
  }
});

test("a GET on a kept connection that the service has just closed goes out again, a POST does not", async () => {
  // Each connection answers one request and hangs up on the second: what a service does whose keep-alive ends at that moment.
  let requests = 0;
  const server = createTcpServer((socket) => {
    let onThis = 0;
    socket.on("error", () => {});
    socket.on("data", () => {
      requests += 1;
      onThis += 1;
      if (onThis > 1) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  const upstream = connectUpstream({ name: "one", url, timeoutMs: 10_000, connectionsMax: 1 });
  openUpstreams.add(upstream);
  const gate = await startGate(url, (_own, req, res) => relayAll()(upstream, req, res));
  assert.equal((await call(gate.port)).status, 200);
  assert.equal((await call(gate.port)).status, 200);
  assert.equal(requests, 3);
  const answer = await call(gate.port, { method: "POST", headers: { "Content-Length": 0 } });
  assert.equal(answer.body.toString(), "UPSTREAM_UNREACHABLE");
  assert.equal(requests, 4);
  assert.equal((await call(gate.port, { method: "POST", body: Buffer.from("x") })).status, 200);
  assert.equal((await call(gate.port, { method: "POST", body: Buffer.from("x") })).status, 502);
});

test("a GET that the service always hangs up on goes out twice and no more", async () => {
  let requests = 0;
  const url = await startRawService((socket, count) => {
    requests = count;
    socket.destroy();
  });
  const gate = await startGate(url);
  assert.equal((await call(gate.port)).body.toString(), "UPSTREAM_UNREACHABLE");
  assert.equal(requests, 2);
});
