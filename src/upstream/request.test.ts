import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { bodyOf, openUpstreams, startRawService, startService } from "../../test/upstream/relay-gate.ts";
import { GateError } from "../problems/gate-error.ts";
import { connectUpstream } from "./connect-upstream.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";

const ASK: UpstreamRequest = {
  method: "GET",
  target: "/may?x",
  headers: ["Host", "h"],
  body: null,
  bodyBytes: 0,
};
const BOUND = { bodyBytesMax: 1000 };

function connectTo(url: string, timeoutMs = 10_000): Upstream {
  const upstream = connectUpstream({ name: "service", url, timeoutMs, connectionsMax: 1 });
  openUpstreams.add(upstream);
  return upstream;
}

test("a request without a client gets status, end-to-end headers and body, over one kept connection", async () => {
  const ports = new Set<number | undefined>();
  const upstream = connectTo(
    await startService(async (req, res) => {
      ports.add(req.socket.remotePort);
      const body = await bodyOf(req);
      res.setHeader("X-Seen", `${req.method} ${req.url} ${req.headers.host} ${body.length}`);
      res.writeHead(403).end("no");
    }),
  );
  for (let round = 0; round < 3; round += 1) {
    const answer = await upstream.request(ASK, BOUND);
    assert.equal(answer.status, 403);
    assert.equal(answer.body?.toString(), "no");
    assert.equal(answer.headers[answer.headers.indexOf("X-Seen") + 1], "GET /may?x h 0");
    assert.ok(!answer.headers.some((name) => name.toLowerCase() === "connection"));
  }
  assert.equal(ports.size, 1);
});

test("a body goes out in one chunk or in many", async () => {
  const upstream = connectTo(
    await startService(async (req, res) => void res.end(String((await bodyOf(req)).length))),
  );
  for (const sizes of [[10], [70_000, 70_000, 1]]) {
    const body = (async function* () {
      for (const size of sizes) yield Buffer.alloc(size);
    })();
    const bodyBytes = sizes.reduce((sum, size) => sum + size, 0);
    const answer = await upstream.request({ ...ASK, method: "POST", body, bodyBytes }, BOUND);
    assert.equal(answer.body?.toString(), String(bodyBytes));
  }
});

test("a body of exactly the bound is given, a longer one is null, by length and chunked", async () => {
  const upstream = connectTo(
    await startService((req, res) => {
      const size = Number(new URL(req.url ?? "", "http://h").searchParams.get("size"));
      if (req.url?.includes("chunked")) res.flushHeaders();
      else res.setHeader("Content-Length", size);
      res.end(Buffer.alloc(size, "a"));
    }),
  );
  for (const [path, size, expected] of [
    ["/length", 1000, 1000],
    ["/chunked", 1000, 1000],
    ["/length", 0, 0],
    ["/length", 1001, null],
    ["/chunked", 1001, null],
    ["/chunked", 3_000_000, null],
  ] as const) {
    const answer = await upstream.request({ ...ASK, target: `${path}?size=${size}` }, BOUND);
    assert.equal(answer.status, 200);
    assert.equal(answer.body?.length ?? null, expected, `${path} ${size}`);
  }
});

test("what send calls unreachable, too late and invalid is so here", async () => {
  const silent = connectTo(await startService((req) => void req.resume()), 100);
  await assert.rejects(silent.request(ASK, BOUND), { code: "UPSTREAM_TIMEOUT" });
  const invalid = connectTo(await startRawService((socket) => socket.end("SSH-2.0-OpenSSH\r\n\r\n")));
  await assert.rejects(invalid.request(ASK, BOUND), { code: "UPSTREAM_ANSWER_INVALID" });
  const rude = connectTo(await startRawService((socket) => socket.destroy()));
  await assert.rejects(rude.request({ ...ASK, method: "POST" }, BOUND), { code: "UPSTREAM_UNREACHABLE" });
});

test("a status counts although the body behind it breaks off, stalls or never ends", async () => {
  for (const line of ["Connection: close", "X-Stalls: yes", "Content-Type: text/event-stream"]) {
    const upstream = connectTo(
      await startRawService((socket) => {
        socket.write(
          `HTTP/1.1 201 Created\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n${line}\r\n\r\n4\r\nhalf\r\n`,
        );
        if (line === "Connection: close") socket.end();
      }),
      150,
    );
    const answer = await upstream.request({ ...ASK, method: "POST" }, BOUND);
    assert.equal(answer.status, 201);
    assert.equal(answer.body, null);
    assert.equal(answer.headers[1], "b");
  }
});

test("a signal ends it, before it begins and while it waits, with its own reason where that is an error of the gate", async () => {
  for (const reason of [undefined, new GateError("REQUEST_TIMEOUT")]) {
    const asked = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const upstream = connectTo(
      await startService((req) => {
        asked.resolve();
        void once(req.socket, "close").then(() => closed.resolve());
      }),
    );
    const controller = new AbortController();
    const waiting = upstream.request(ASK, { ...BOUND, signal: controller.signal });
    void asked.promise.then(() => controller.abort(reason));
    await assert.rejects(waiting, { code: reason?.code ?? "GATE_STOPPING" });
    await closed.promise;
    const late = upstream.request(ASK, { ...BOUND, signal: controller.signal });
    await assert.rejects(late, { code: reason?.code ?? "GATE_STOPPING" });
    await turn();
  }
});
