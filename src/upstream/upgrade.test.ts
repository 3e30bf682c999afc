import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { after, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { connectUpstream } from "./connect-upstream.ts";
import type { Upstream } from "./upstream.ts";

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** The answer to a WebSocket key. @see RFC 6455 section 4.2.2 */
function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** Sends back the payload of each short, masked text frame as an unmasked one. @see RFC 6455 section 5.2 */
function echoFrames(socket: Duplex): void {
  socket.on("data", (frame: Buffer) => {
    const length = (frame[1] ?? 0) & 0x7f;
    const mask = frame.subarray(2, 6);
    const payload = frame.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
    socket.write(Buffer.concat([Buffer.from([0x81, length]), payload]));
  });
}

function maskedText(text: string): Buffer {
  const payload = Buffer.from(text).map((byte, at) => byte ^ (at % 4));
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 1, 2, 3]), payload]);
}

async function startEcho(): Promise<{ url: string; seen: IncomingMessage[]; sockets: Duplex[] }> {
  const seen: IncomingMessage[] = [];
  const sockets: Duplex[] = [];
  const server = createServer((_req, res) => res.end());
  server.on("upgrade", (req, socket) => {
    seen.push(req);
    if (req.url === "/no") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: because\r\n\r\nnope");
      return;
    }
    sockets.push(socket);
    socket.on("error", () => {});
    const accept = acceptOf(String(req.headers["sec-websocket-key"]));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    socket.write(`Sec-WebSocket-Accept: ${accept}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n`);
    echoFrames(socket);
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, seen, sockets };
}

interface UpgradeGate {
  readonly port: number;
  readonly upstream: Upstream;
  readonly outcomes: Promise<string>[];
}

async function startGate(url: string, timeoutMs = 5_000): Promise<UpgradeGate> {
  const upstream = connectUpstream({ name: "service", url, timeoutMs });
  closers.push(() => upstream.close());
  const outcomes: Promise<string>[] = [];
  const server = createServer();
  server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const requestHeaders = ["Host", "h", "Sec-WebSocket-Key", String(req.headers["sec-websocket-key"])];
    const joined = upstream.upgrade(req, socket, head, { target: req.url ?? "/", requestHeaders });
    outcomes.push(
      joined.then(
        () => "joined",
        (error: unknown) => {
          socket.destroy();
          return error instanceof GateError ? error.code : String(error);
        },
      ),
    );
  });
  return { port: await listen(server), upstream, outcomes };
}

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

function ask(port: number, path = "/", extra = "", upgrade = "websocket"): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nSec-WebSocket-Key: ${KEY}\r\n${extra}\r\n`,
  );
  return socket;
}

async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = "";
  while (!text.includes(end)) text += ((await once(socket, "data")) as [Buffer])[0].toString("latin1");
  return text;
}

test("a WebSocket handshake and its frames go through, both ways, and a close ends both sides", async () => {
  const echo = await startEcho();
  const gate = await startGate(echo.url);
  const socket = ask(gate.port, "/chat?room=1");
  const head = await readUntil(socket, "\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.ok(head.includes(`Sec-WebSocket-Accept: ${acceptOf(KEY)}\r\n`));
  assert.match(head, /\r\nConnection: Upgrade\r\n/i);
  assert.match(head, /Set-Cookie: a=1\r\nSet-Cookie: b=2/);
  assert.equal(echo.seen[0]?.url, "/chat?room=1");
  for (const text of ["hello", "again"]) {
    const answered = readUntil(socket, text);
    socket.write(maskedText(text));
    assert.ok((await answered).endsWith(text));
  }
  const upstreamSocket = echo.sockets[0];
  assert.ok(upstreamSocket);
  const closed = once(upstreamSocket, "end");
  socket.destroy();
  await closed;
  assert.equal(await gate.outcomes[0], "joined");
});

test("frames that came with the handshake are not lost", async () => {
  const echo = await startEcho();
  const gate = await startGate(echo.url);
  const socket = connect(gate.port, "127.0.0.1");
  const head = `GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), maskedText("early")]));
  await readUntil(socket, "early");
  socket.destroy();
});

test("frames that come before the service agrees are not lost either", async () => {
  const agreed = Promise.withResolvers<void>();
  const server = createServer();
  server.on("upgrade", (_req, socket) => {
    echoFrames(socket);
    agreed.promise.then(() =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    );
  });
  const arrived = once(server, "upgrade");
  const gate = await startGate(`http://127.0.0.1:${await listen(server)}`);
  const socket = ask(gate.port);
  await arrived;
  socket.write(maskedText("early"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  agreed.resolve();
  await readUntil(socket, "early");
  socket.destroy();
});

test("a service that closes ends the client's side, with all that it sent before", async () => {
  const echo = await startEcho();
  const gate = await startGate(echo.url);
  const socket = ask(gate.port);
  await readUntil(socket, "\r\n\r\n");
  const upstreamSocket = echo.sockets[0];
  assert.ok(upstreamSocket);
  const bytes = Buffer.alloc(2_000_000, 1);
  upstreamSocket.end(bytes);
  let received = 0;
  for await (const chunk of socket) received += (chunk as Buffer).length;
  assert.equal(received, bytes.length);
  assert.equal(await gate.outcomes[0], "joined");
});

test("a service that says no is heard", async () => {
  const echo = await startEcho();
  const gate = await startGate(echo.url);
  let text = "";
  for await (const chunk of ask(gate.port, "/no")) text += chunk;
  assert.match(text, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(text, /X-Why: because\r\n/);
  assert.match(text, /\r\nConnection: close\r\n/);
  assert.ok(text.endsWith("\r\n\r\nnope"));
  assert.equal(await gate.outcomes[0], "joined");
});

test("only WebSocket is passed on, and never with a body", async () => {
  const echo = await startEcho();
  const gate = await startGate(echo.url);
  await once(ask(gate.port, "/", "", "h2c").resume(), "close");
  await once(ask(gate.port, "/", "Content-Length: 5\r\n").resume(), "close");
  assert.deepEqual(await Promise.all(gate.outcomes), ["REQUEST_MALFORMED", "REQUEST_MALFORMED"]);
  assert.equal(echo.seen.length, 0);
});

test("a service that is not there, is silent or is left by its client fails the upgrade by name", async () => {
  const silent = createServer();
  silent.on("upgrade", (_req, socket) => void socket.on("error", () => {}));
  const url = `http://127.0.0.1:${await listen(silent)}`;
  const impatient = await startGate(url, 100);
  await once(ask(impatient.port).resume(), "close");
  assert.equal(await impatient.outcomes[0], "UPSTREAM_TIMEOUT");

  const left = await startGate(url);
  const arrived = once(silent, "upgrade");
  const socket = ask(left.port);
  await arrived;
  socket.destroy();
  while (left.outcomes.length === 0) await new Promise(setImmediate);
  assert.equal(await left.outcomes[0], "REQUEST_ABORTED");

  const nobody = createServer();
  const port = await listen(nobody);
  await new Promise((resolve) => nobody.close(resolve));
  const gate = await startGate(`http://127.0.0.1:${port}`);
  await once(ask(gate.port).resume(), "close");
  assert.equal(await gate.outcomes[0], "UPSTREAM_UNREACHABLE");
});

test("close ends joined connections", async () => {
  const echo = await startEcho();
  const gate = await startGate(echo.url);
  const socket = ask(gate.port);
  await readUntil(socket, "\r\n\r\n");
  const closed = once(socket, "close");
  await gate.upstream.close();
  await closed;
  assert.equal(await gate.outcomes[0], "joined");
});
