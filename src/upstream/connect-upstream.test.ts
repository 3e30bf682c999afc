import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  Agent,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { GateError } from "../problems/gate-error.ts";
import { connectUpstream } from "./connect-upstream.ts";
import type {
  AnswerHeaders,
  AnswerOptions,
  ExchangeReport,
  RelayOptions,
  Upstream,
  UpstreamRequest,
} from "./upstream.ts";

const openServers = new Set<Server | TcpServer>();
const openUpstreams = new Set<Upstream>();
const agent = new Agent({ keepAlive: false });

after(async () => {
  for (const upstream of openUpstreams) await upstream.close();
  for (const server of openServers) {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  }
});

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

async function listen<T extends Server | TcpServer>(server: T): Promise<number> {
  openServers.add(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function startService(listener: Listener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

/** A service that speaks raw bytes: `onData` gets the socket once the request's head has come. */
async function startRawService(onHead: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0;
  const server = createTcpServer((socket) => {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      text = "";
      count += 1;
      onHead(socket, count);
    });
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

interface Gate {
  readonly port: number;
  /** How the exchanges ended, in the order they ended in. */
  readonly outcomes: (ExchangeReport | GateError)[];
  nextOutcome(): Promise<ExchangeReport | GateError>;
  readonly upstream: Upstream;
}

type Handler = (upstream: Upstream, req: IncomingMessage, res: ServerResponse) => Promise<ExchangeReport>;

const relayAll =
  (extra: Partial<RelayOptions> = {}): Handler =>
  (upstream, req, res) =>
    upstream.relay(req, res, { target: req.url ?? "/", requestHeaders: passable(req), ...extra });

function passable(req: IncomingMessage): string[] {
  const dropped = new Set(["connection", "transfer-encoding", "keep-alive", "upgrade"]);
  const kept: string[] = [];
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at] ?? "";
    if (!dropped.has(name.toLowerCase())) kept.push(name, req.rawHeaders[at + 1] ?? "");
  }
  return kept;
}

async function startGate(url: string, handler: Handler = relayAll(), timeoutMs = 10_000): Promise<Gate> {
  const upstream = connectUpstream({ name: "service", url, timeoutMs });
  openUpstreams.add(upstream);
  const outcomes: (ExchangeReport | GateError)[] = [];
  const waiting: ((outcome: ExchangeReport | GateError) => void)[] = [];
  const note = (outcome: ExchangeReport | GateError): void => {
    outcomes.push(outcome);
    waiting.shift()?.(outcome);
  };
  const onRequest: Listener = (req, res) => {
    handler(upstream, req, res).then(note, (error: unknown) => {
      assert.ok(error instanceof GateError, String(error));
      note(error);
      if (res.destroyed) return;
      assert.equal(res.headersSent, false);
      res.writeHead(error.status, { Connection: "close" }).end(error.code);
    });
  };
  const server = createServer(onRequest);
  server.on("checkContinue", onRequest);
  const nextOutcome = (): Promise<ExchangeReport | GateError> =>
    new Promise((resolve) => waiting.push(resolve));
  return { port: await listen(server), outcomes, nextOutcome, upstream };
}

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly rawHeaders: string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/** A request whose late errors are nobody's: an answer is judged by those who wait for it. */
function startCall(options: RequestOptions): ClientRequest {
  return request({ host: "127.0.0.1", agent, ...options }).on("error", () => {});
}

async function call(port: number, options: Call = {}): Promise<Answer> {
  const { method = "GET", path = "/", headers = {}, body } = options;
  const req = startCall({ port, method, path, headers });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk as Buffer);
  return {
    status: res.statusCode ?? 0,
    message: res.statusMessage ?? "",
    rawHeaders: res.rawHeaders,
    headers: res.headers,
    body: Buffer.concat(chunks),
  };
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1] === name);
}

function reportOf(outcome: ExchangeReport | GateError): ExchangeReport {
  if (outcome instanceof GateError) assert.fail(`expected a report, got ${outcome.code}`);
  return outcome;
}

function codeOf(outcome: ExchangeReport | GateError): string {
  return outcome instanceof GateError ? outcome.code : `report of ${outcome.status}`;
}

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

test("Expect: 100-continue goes to the service, and its 100 comes back before the body is sent", async () => {
  const order: string[] = [];
  const server = createServer((_req, res) => res.end("never"));
  server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
    if (req.url === "/no") return void res.writeHead(417, { Connection: "close" }).end("no");
    order.push("service asks");
    res.writeContinue();
    bodyOf(req).then((body) => res.end(`got ${body.length}`));
  });
  const gate = await startGate(`http://127.0.0.1:${await listen(server)}`);
  for (const framing of [{ "Content-Length": 5 }, { "Transfer-Encoding": "chunked" }]) {
    const headers = { Expect: "100-continue", ...framing };
    const req = startCall({ port: gate.port, method: "PUT", headers });
    const answered = once(req, "response") as Promise<[IncomingMessage]>;
    req.flushHeaders();
    await once(req, "continue");
    order.push("client sends");
    req.end("12345");
    const [res] = await answered;
    assert.equal((await bodyOf(res)).toString(), "got 5");
  }
  assert.deepEqual(order, ["service asks", "client sends", "service asks", "client sends"]);

  const headers = { Expect: "100-continue", "Content-Length": 5 };
  const req = startCall({ port: gate.port, method: "PUT", path: "/no", headers });
  req.on("continue", () => assert.fail("no 100 was sent"));
  req.flushHeaders();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  assert.equal(res.statusCode, 417);
  assert.equal((await bodyOf(res)).toString(), "no");
  req.destroy();
});

test("a service that does not know Expect gets the body after a second", async () => {
  const url = await startRawService((socket) => {
    socket.on("data", (chunk) => {
      if (chunk.includes("12345"))
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
  });
  const gate = await startGate(url);
  const headers = { Expect: "100-continue", "Content-Length": 5 };
  const req = startCall({ port: gate.port, method: "PUT", headers });
  req.flushHeaders();
  await once(req, "continue");
  req.end("12345");
  const [res] = (await once(req, "response")) as [IncomingMessage];
  assert.equal((await bodyOf(res)).toString(), "ok");
});

const sendAll =
  (made: UpstreamRequest, options: AnswerOptions = {}): Handler =>
  (upstream, req, res) => {
    req.resume();
    return upstream.send(made, res, options);
  };

test("a request written anew arrives as written, in one chunk or in many", async () => {
  const url = await startService(async (req, res) => {
    const body = await bodyOf(req);
    res.end(
      JSON.stringify([
        req.method,
        req.url,
        req.headers["content-length"],
        createHash("sha256").update(body).digest("hex"),
      ]),
    );
  });
  for (const sizes of [[1000], [65_536, 65_536, 1], [0], []]) {
    const chunks = sizes.map((size) => randomBytes(size));
    const whole = Buffer.concat(chunks);
    const body = (async function* () {
      yield* chunks;
    })();
    const gate = await startGate(
      url,
      sendAll({ method: "PUT", target: "/x?y", headers: ["Host", "h"], body, bodyBytes: whole.length }),
    );
    const answer = JSON.parse((await call(gate.port)).body.toString());
    assert.deepEqual(answer, [
      "PUT",
      "/x?y",
      String(whole.length),
      createHash("sha256").update(whole).digest("hex"),
    ]);
  }
});

test("a chunk is read from its source only when the one before has gone out", async () => {
  const hash = createHash("sha256");
  const url = await startService(async (req, res) => {
    const got = createHash("sha256");
    for await (const chunk of req) {
      got.update(chunk as Buffer);
      await turn();
    }
    res.end(got.digest("hex"));
  });
  const buffer = Buffer.alloc(256 * 1024);
  const body = (async function* () {
    for (let index = 0; index < 64; index += 1) {
      buffer.fill(index);
      hash.update(buffer);
      yield buffer;
    }
  })();
  const gate = await startGate(
    url,
    sendAll({ method: "POST", target: "/", headers: [], body, bodyBytes: 64 * buffer.length }),
  );
  const answer = await call(gate.port);
  assert.equal(answer.body.toString(), hash.digest("hex"));
});

test("a body that cannot be read ends the exchange with its own error, and its source is given back", async () => {
  const url = await startService((req) => void req.resume());
  for (const failAt of [0, 3]) {
    let isClosed = false;
    const body = (async function* () {
      try {
        for (let index = 0; ; index += 1) {
          if (index === failAt) throw new GateError("STORAGE_READ_FAILED");
          yield Buffer.alloc(100_000);
        }
      } finally {
        isClosed = true;
      }
    })();
    const gate = await startGate(
      url,
      sendAll({ method: "POST", target: "/", headers: [], body, bodyBytes: 1e6 }),
    );
    assert.equal((await call(gate.port)).body.toString(), "STORAGE_READ_FAILED");
    assert.equal(isClosed, true);
  }
});

test("a delivery goes on to the service's status when its client leaves", async () => {
  const left = Promise.withResolvers<void>();
  const url = await startService(
    (_req, res) => void left.promise.then(() => res.writeHead(201).end("thanks")),
  );
  const statuses: number[] = [];
  const beforeHead = async (status: number): Promise<void> => void statuses.push(status);
  const gate = await startGate(url, async (upstream, req, res) => {
    req.resume();
    res.once("close", left.resolve);
    return upstream.send({ method: "POST", target: "/", headers: [], body: null, bodyBytes: 0 }, res, {
      beforeHead,
    });
  });
  const outcome = gate.nextOutcome();
  const req = startCall({ port: gate.port }).end();
  setTimeout(() => req.destroy(), 50);
  assert.equal(reportOf(await outcome).status, 201);
  assert.deepEqual(statuses, [201]);
});

test("close breaks off what runs", async () => {
  const url = await startService((req) => void req.resume());
  const gate = await startGate(url);
  const outcome = gate.nextOutcome();
  const answer = call(gate.port, { method: "POST", body: Buffer.from("x") });
  setTimeout(() => void gate.upstream.close(), 50);
  assert.equal(codeOf(await outcome), "UPSTREAM_UNREACHABLE");
  assert.equal((await answer).status, 502);
});

test("connections beyond the limit wait for a free one", async () => {
  let atOnce = 0;
  let mostAtOnce = 0;
  const url = await startService((_req, res) => {
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    setTimeout(() => {
      atOnce -= 1;
      res.end();
    }, 10);
  });
  const upstream = connectUpstream({ name: "few", url, timeoutMs: 10_000, connectionsMax: 2 });
  openUpstreams.add(upstream);
  const gate = await startGate(url, (_own, req, res) => relayAll()(upstream, req, res));
  const answers = await Promise.all(Array.from({ length: 12 }, () => call(gate.port)));
  assert.ok(answers.every((answer) => answer.status === 200));
  assert.equal(mostAtOnce, 2);
});
