import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { connectUpstream } from "./connect-upstream.ts";
import type { ExchangeReport, Upstream } from "./upstream.ts";

const ROUNDS = 120;
const BLOCK = Buffer.alloc(64 * 1024, 7);

/** A generator of numbers in [0, 1) that gives the same row for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Watched {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  readonly url: string;
}

async function listen(server: Server): Promise<Watched> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, sockets, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Reads and answers with 2 MiB, and at times hangs up in the middle of either. */
function startService(random: () => number): Promise<Watched> {
  const server = createServer((req, res) => {
    if (random() < 0.3) setTimeout(() => req.socket.destroy(), random() * 20);
    req.on("error", () => {}).resume();
    if (random() < 0.2) res.writeHead(413).end("early");
    req.on("end", () => writeBlocks(res, 32));
  });
  return listen(server);
}

function writeBlocks(res: ServerResponse, count: number): void {
  let left = count;
  const write = (): void => {
    while (left > 0 && !res.writableEnded && !res.destroyed) {
      left -= 1;
      if (!res.write(BLOCK)) return void res.once("drain", write);
    }
    res.end();
  };
  write();
}

type Outcome = ExchangeReport | GateError;

function startGate(upstream: Upstream, outcomes: Outcome[]): Promise<Watched> {
  const note = (outcome: unknown): void => {
    assert.ok(outcome instanceof GateError || isReport(outcome), String(outcome));
    outcomes.push(outcome);
  };
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const exchange = req.url?.startsWith("/send")
      ? sendBlocks(upstream, req, res)
      : relay(upstream, req, res);
    await exchange.then(note, (error: unknown) => {
      note(error);
      if (!res.headersSent) res.writeHead(502, { Connection: "close" }).end();
    });
  };
  const server = createServer((req, res) => void answer(req, res));
  server.on("checkContinue", (req, res) => void answer(req, res));
  return listen(server);
}

function isReport(value: unknown): value is ExchangeReport {
  return typeof value === "object" && value !== null && "answerBytes" in value;
}

function relay(upstream: Upstream, req: IncomingMessage, res: ServerResponse): Promise<ExchangeReport> {
  const length = req.headers["content-length"];
  const requestHeaders = ["Host", "h"];
  if (length !== undefined) requestHeaders.push("Content-Length", length);
  if (req.headers.expect !== undefined) requestHeaders.push("Expect", "100-continue");
  const beforeHead =
    req.url === "/recorded"
      ? { beforeHead: () => new Promise<void>((resolve) => setTimeout(resolve, 2)) }
      : {};
  return upstream.relay(req, res, { target: "/", requestHeaders, ...beforeHead });
}

function sendBlocks(upstream: Upstream, req: IncomingMessage, res: ServerResponse): Promise<ExchangeReport> {
  req.resume();
  const body = (async function* () {
    for (let index = 0; index < 16; index += 1) yield BLOCK;
  })();
  const gathering = { gatherBytesMax: 32 * BLOCK.length, beforeHead: async () => {} };
  return upstream.send(
    { method: "POST", target: "/", headers: [], body, bodyBytes: 16 * BLOCK.length },
    res,
    req.url === "/send-gathered" ? gathering : {},
  );
}

/** One client that leaves at a random moment, if it gets that far. */
async function runClient(url: string, random: () => number): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {}).on("data", () => {});
  const path = ["/", "/recorded", "/send", "/send-gathered"][Math.floor(random() * 4)];
  const expect = random() < 0.2 ? "Expect: 100-continue\r\n" : "";
  const connection = random() < 0.5 ? "close" : "keep-alive";
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: h\r\nConnection: ${connection}\r\n${expect}Content-Length: ${16 * BLOCK.length}\r\n\r\n`,
  );
  const leave = setTimeout(
    () => (random() < 0.5 ? socket.destroy() : socket.resetAndDestroy()),
    random() * 40,
  );
  for (let index = 0; index < 16 && !socket.destroyed; index += 1) {
    if (!socket.write(BLOCK))
      await Promise.race([once(socket, "drain").catch(() => {}), once(socket, "close")]);
  }
  if (!socket.destroyed) await once(socket, "close");
  clearTimeout(leave);
}

test("aborts at random moments leave no socket open, no promise unsettled and no error unhandled", async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  const service = await startService(random);
  const upstream = connectUpstream({ name: "service", url: service.url, timeoutMs: 5_000 });
  const outcomes: Outcome[] = [];
  const gate = await startGate(upstream, outcomes);
  let accepted = 0;
  gate.server.on("request", () => {
    accepted += 1;
  });
  gate.server.on("checkContinue", () => {
    accepted += 1;
  });
  for (let round = 0; round < ROUNDS / 8; round += 1) {
    await Promise.all(Array.from({ length: 8 }, () => runClient(gate.url, random)));
  }
  const probe = await fetch(`${gate.url}/`).then(
    async (answer) => (await answer.arrayBuffer()).byteLength,
    () => 0,
  );
  t.diagnostic(
    `${accepted} exchanges, ${outcomes.filter(isReport).length} with an answer; then ${probe} bytes`,
  );
  await upstream.close();
  gate.server.closeAllConnections();
  const deadline = AbortSignal.timeout(8_000);
  while (outcomes.length < accepted || service.sockets.size > 0 || gate.sockets.size > 0) {
    if (deadline.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(
    { unsettled: accepted - outcomes.length, atService: service.sockets.size, atGate: gate.sockets.size },
    { unsettled: 0, atService: 0, atGate: 0 },
  );
  gate.server.close();
  service.server.close();
});
