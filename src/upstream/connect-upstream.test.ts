import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  bodyOf,
  call,
  relayAll,
  reportOf,
  startCall,
  startGate,
  startRawService,
  startService,
  valuesOf,
} from "../../test/upstream/relay-gate.ts";
import { GateError } from "../problems/gate-error.ts";
import type { AnswerHeaders } from "./upstream.ts";

test("a request arrives with its method, target and header spelling, and the answer with its own", async () => {
  let seen: IncomingMessage | undefined;
  const url = await startService((req, res) => {
    seen = req;
    res.sendDate = false;
    res.writeHead(207, "Mostly Fine", [
      "X-MiXed",
      "a",
      "Set-Cookie",
      "a=1",
      "X-Latin",
      "caf\u00e9",
      "Set-Cookie",
      "b=2",
    ]);
    res.end("body");
  });
  const gate = await startGate(url);
  const answer = await call(gate.port, {
    path: "/a%20b?q=%2F&x",
    headers: { "X-Odd-CASE": "v", Host: "shop.example" },
  });
  assert.equal(seen?.url, "/a%20b?q=%2F&x");
  assert.equal(seen.headers.host, "shop.example");
  assert.ok(seen.rawHeaders.includes("X-Odd-CASE"));
  assert.equal(answer.status, 207);
  assert.equal(answer.message, "Mostly Fine");
  assert.deepEqual(valuesOf(answer.rawHeaders, "Set-Cookie"), ["a=1", "b=2"]);
  assert.deepEqual(valuesOf(answer.rawHeaders, "X-MiXed"), ["a"]);
  assert.equal(answer.headers["x-latin"], "caf\u00e9");
  assert.equal(answer.body.toString(), "body");
});

test("64 MiB go up and come down with the same digest, by length and chunked", async () => {
  const url = await startService((req, res) => {
    const length = req.headers["content-length"];
    res.writeHead(200, length === undefined ? {} : { "Content-Length": length });
    req.pipe(res);
  });
  const gate = await startGate(url);
  const block = randomBytes(1024 * 1024);
  for (const isChunked of [false, true]) {
    const headers: OutgoingHttpHeaders = isChunked ? {} : { "Content-Length": 64 * block.length };
    const req = startCall({ port: gate.port, method: "POST", headers });
    const sent = createHash("sha256");
    const received = createHash("sha256");
    const sending = (async () => {
      for (let index = 0; index < 64; index += 1) {
        sent.update(block);
        if (!req.write(block)) await once(req, "drain");
      }
      req.end();
    })();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    assert.equal(res.headers["content-length"] === undefined, isChunked);
    for await (const chunk of res) received.update(chunk as Buffer);
    await sending;
    assert.equal(received.digest("hex"), sent.digest("hex"));
  }
});

test("a client that reads slowly pauses the service, and a service that reads slowly pauses the client", async () => {
  const blocked = Promise.withResolvers<number>();
  const url = await startService((req, res) => {
    if (req.method === "POST") return;
    let written = 0;
    const block = Buffer.alloc(256 * 1024);
    const write = (): void => {
      for (;;) {
        written += block.length;
        if (!res.write(block)) break;
      }
      const quiet = setTimeout(() => blocked.resolve(written), 300);
      res.once("drain", () => {
        clearTimeout(quiet);
        write();
      });
    };
    write();
  });
  const gate = await startGate(url);
  const down = connect(gate.port, "127.0.0.1");
  down.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(down, "connect");
  const writtenBytes = await blocked.promise;
  assert.ok(writtenBytes < 32 * 1024 * 1024, `${writtenBytes} bytes were taken from the service`);
  down.destroy();

  const up = connect(gate.port, "127.0.0.1");
  up.on("error", () => {});
  up.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
  const sentBytes = await new Promise<number>((resolve) => {
    let sent = 0;
    const block = Buffer.alloc(256 * 1024);
    const write = (): void => {
      while (up.write(block)) sent += block.length;
      sent += block.length;
      const quiet = setTimeout(() => resolve(sent), 300);
      up.once("drain", () => {
        clearTimeout(quiet);
        write();
      });
    };
    write();
  });
  assert.ok(sentBytes < 32 * 1024 * 1024, `${sentBytes} bytes were taken from the client`);
  up.destroy();
});

test("the first server-sent event arrives before the second is sent", async () => {
  const second = Promise.withResolvers<void>();
  const url = await startService((_req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    res.write("data: one\n\n");
    second.promise.then(() => res.end("data: two\n\n"));
  });
  const gate = await startGate(url, relayAll(), 200);
  const req = startCall({ port: gate.port }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  const [first] = (await once(res, "data")) as [Buffer];
  assert.equal(first.toString(), "data: one\n\n");
  // Longer than the timeout of the upstream: event streams may be silent.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const rest = bodyOf(res);
  second.resolve();
  assert.equal((await rest).toString(), "data: two\n\n");
});

test("the head of an answer goes out before its body exists", async () => {
  const held = Promise.withResolvers<void>();
  const url = await startService((_req, res) => {
    res.writeHead(200, { "Content-Length": "2" });
    res.flushHeaders();
    held.promise.then(() => res.end("ok"));
  });
  const gate = await startGate(url);
  const req = startCall({ port: gate.port }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  assert.equal(res.statusCode, 200);
  held.resolve();
  const [chunk] = (await once(res, "data")) as [Buffer];
  assert.equal(chunk.toString(), "ok");
});

test("HEAD, 204 and 304 have no body and keep their headers", async () => {
  const url = await startService((req, res) => {
    const status = Number(req.url?.slice(1));
    res.writeHead(status, status === 200 ? { "Content-Length": "1234" } : { ETag: '"x"' });
    res.end();
  });
  const gate = await startGate(url);
  const head = await call(gate.port, { method: "HEAD", path: "/200" });
  assert.equal(head.headers["content-length"], "1234");
  for (const status of [204, 304]) {
    const answer = await call(gate.port, { path: `/${status}` });
    assert.equal(answer.status, status);
    assert.equal(answer.headers.etag, '"x"');
    assert.equal(answer.body.length, 0);
  }
});

test("an answer that ends with its connection reaches the client whole", async () => {
  const url = await startRawService((socket) =>
    socket.end("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end"),
  );
  const gate = await startGate(url);
  const answer = await call(gate.port);
  assert.equal(answer.body.toString(), "until the end");
});

test("trailers of the answer are dropped, and so are those of the request", async () => {
  let seen: IncomingMessage | undefined;
  const url = await startService((req, res) => {
    seen = req;
    req.resume().on("end", () => {
      res.writeHead(200, { Trailer: "X-Late" });
      res.write("a");
      res.addTrailers({ "X-Late": "1" });
      res.end();
    });
  });
  const gate = await startGate(url);
  const socket = connect(gate.port, "127.0.0.1");
  socket.write(
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Role\r\nConnection: close\r\n\r\n",
  );
  socket.write("1\r\nx\r\n0\r\nX-Role: admin\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += chunk;
  assert.deepEqual(seen?.trailers, {});
  assert.equal(seen.headers["x-role"], undefined);
  assert.doesNotMatch(text, /X-Late/);
});

test("beforeHead runs before anything goes out, and its error replaces the answer", async () => {
  const url = await startService((_req, res) => res.writeHead(201, { "Content-Length": "4" }).end("done"));
  const steps: string[] = [];
  const beforeHead = async (status: number): Promise<void> => {
    await turn();
    steps.push(`recorded ${status}`);
  };
  const headers = (): AnswerHeaders => {
    steps.push("headers");
    return { added: ["X-Request-Id", "r1"], withheld: [] };
  };
  const gate = await startGate(url, relayAll({ beforeHead, headers }));
  const answer = await call(gate.port);
  assert.deepEqual(steps, ["recorded 201", "headers"]);
  assert.equal(answer.body.toString(), "done");
  assert.equal(answer.headers["x-request-id"], "r1");

  const failing = async (): Promise<void> => {
    await turn();
    throw new GateError("RECORDS_UNAVAILABLE");
  };
  const other = await startGate(url, relayAll({ beforeHead: failing }));
  assert.equal((await call(other.port)).body.toString(), "RECORDS_UNAVAILABLE");
});

test("a big answer waits whole for beforeHead", async () => {
  const body = randomBytes(3 * 1024 * 1024);
  const url = await startService((_req, res) => res.end(body));
  const gate = await startGate(
    url,
    relayAll({ beforeHead: () => new Promise((resolve) => setTimeout(resolve, 100)) }),
  );
  assert.deepEqual((await call(gate.port)).body, body);
});

test("headers of ours replace those of the same name, and those withheld do not go out", async () => {
  const sent = ["SERVER-timing", "a", "X-A", "1", "X-Inner", "2"];
  const url = await startService((_req, res) => res.writeHead(200, sent).end());
  const seen: string[] = [];
  const gate = await startGate(
    url,
    relayAll({
      headers: (answer) => {
        seen.push(...answer);
        return { added: ["Server-Timing", "b", "Server-Timing", "c"], withheld: ["x-inner"] };
      },
    }),
  );
  const outcome = gate.nextOutcome();
  const answer = await call(gate.port);
  assert.deepEqual(valuesOf(answer.rawHeaders, "Server-Timing"), ["b", "c"]);
  assert.equal(answer.headers["x-a"], "1");
  assert.equal(answer.headers["x-inner"], undefined);
  assert.deepEqual(seen.slice(0, sent.length), sent);
  assert.equal(reportOf(await outcome).serverTiming, "a");
});

test("the report says status, bytes and how long the service took", async () => {
  const url = await startService((_req, res) => {
    setTimeout(() => res.writeHead(200, { "Cache-Status": "app; hit" }).end("12345"), 60);
  });
  const gate = await startGate(url);
  const outcome = gate.nextOutcome();
  await call(gate.port);
  const report = reportOf(await outcome);
  assert.equal(report.status, 200);
  assert.equal(report.answerBytes, 5);
  assert.equal(report.cacheStatus, "app; hit");
  assert.ok(report.waitMs >= 50 && report.waitMs < 5_000, `${report.waitMs} ms`);
});

test("the tap sees the whole body, and hears of its end once", async () => {
  const url = await startService((req, res) => void req.resume().on("end", () => res.end()));
  const seen: Buffer[] = [];
  const ends: boolean[] = [];
  const tap = (chunk: Uint8Array): void => void seen.push(Buffer.from(chunk));
  const gate = await startGate(url, relayAll({ tap, tapEnd: (isComplete) => ends.push(isComplete) }));
  const body = randomBytes(300_000);
  await call(gate.port, { method: "PUT", body });
  assert.deepEqual(Buffer.concat(seen), body);
  await call(gate.port);
  assert.deepEqual(ends, [true, true]);
});
