import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createServer } from "node:tls";
import { promisify } from "node:util";
import type { Probe, ProbeStep } from "./check.ts";
import type { TlsTrust } from "./open-connection.ts";
import { sendProbe } from "./send-probe.ts";

let cert = "";
let key = "";
const servers: Server[] = [];
const sockets: Socket[] = [];

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-tls-"));
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", keyFile, "-out", certFile, "-days", "2", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
  ]);
  [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
  await rm(folder, { recursive: true });
});

after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function portOf(server: Server, host = "127.0.0.1"): Promise<number> {
  servers.push(server);
  server.on("connection", (socket) => sockets.push(socket));
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** A TLS server that answers each connection with the protocol that was agreed on. */
function tlsPort(serve: (socket: Socket & { alpnProtocol: string | false | null }) => void): Promise<number> {
  const server = createServer({ cert, key, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  return portOf(server);
}

const probe = (...steps: readonly ProbeStep[]): Probe => ({
  content: { files: [], fields: [] },
  steps: () => steps,
});

const send = (origin: string, tls: TlsTrust = {}, ...steps: readonly ProbeStep[]) =>
  sendProbe(origin, probe(Buffer.from("GET / HTTP/1.1\r\n\r\n"), ...steps), {
    deadlineMs: 5000,
    lingerMs: 0,
    tls,
  });

const said = async (sent: ReturnType<typeof send>): Promise<string> =>
  Buffer.from((await sent).answers[0]?.body ?? []).toString();

const codeOf = (code: RegExp) => (error: NodeJS.ErrnoException) => code.test(error.code ?? "");

test("speaks HTTP/1.1 over TLS with a certificate that is trusted", async () => {
  const port = await tlsPort((socket) => {
    socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${String(socket.alpnProtocol)}`));
  });
  assert.equal(await said(send(`https://127.0.0.1:${port}`, { ca: cert })), "http/1.1");
  assert.equal(await said(send(`https://localhost:${port}`, { ca: cert })), "http/1.1");
});

test("refuses a certificate that nobody vouches for, with a code that says why", async () => {
  let requests = 0;
  const port = await tlsPort((socket) => socket.once("data", () => (requests += 1)));
  await assert.rejects(send(`https://127.0.0.1:${port}`), codeOf(/SELF_SIGNED/));
  assert.equal(requests, 0);
  assert.equal((await send(`https://127.0.0.1:${port}`, { isUnverified: true }, "reset")).end, "left");
});

test("breaks a TLS connection off with a reset", async () => {
  const broken = Promise.withResolvers<string>();
  const behind = await tlsPort((socket) => socket.resume());
  // A TLS server takes a reset for an end: what is between sees it.
  const between = createTcpServer((socket) => {
    const onward = connect(behind, "127.0.0.1");
    sockets.push(onward);
    onward.on("error", () => {});
    socket.on("error", (error: NodeJS.ErrnoException) => broken.resolve(error.code ?? ""));
    socket.pipe(onward).pipe(socket);
  });
  await send(`https://127.0.0.1:${await portOf(between)}`, { ca: cert }, "reset");
  assert.equal(await broken.promise, "ECONNRESET");
});

test("a server that speaks no TLS is told as such", async () => {
  const port = await portOf(createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
  await assert.rejects(send(`https://127.0.0.1:${port}`), codeOf(/^ERR_SSL/));
});

test("gives up a connection that is not made in time, or when it is aborted", async () => {
  const port = await portOf(createTcpServer(() => {}));
  const limits = { deadlineMs: 5000, lingerMs: 0 };
  const origin = `https://127.0.0.1:${port}`;
  await assert.rejects(sendProbe(origin, probe(), { ...limits, connectMs: 50 }), codeOf(/^ETIMEDOUT$/));
  const signal = AbortSignal.abort();
  await assert.rejects(sendProbe(origin, probe(), { ...limits, signal }), codeOf(/^ABORT_ERR$/));
});

test("an exchange that is aborted ends at once with what came so far", async () => {
  const ending = new AbortController();
  const port = await portOf(createTcpServer((socket) => socket.once("data", () => ending.abort())));
  const limits = { deadlineMs: 60_000, lingerMs: 0, signal: ending.signal };
  const exchange = await sendProbe(`http://127.0.0.1:${port}`, probe(Buffer.from("hello")), limits);
  assert.deepEqual([exchange.end, exchange.answers], ["left", []]);
});

test("takes an IPv6 address as it stands in a URL", async () => {
  const server = createTcpServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nsix"));
  const port = await portOf(server, "::1");
  assert.equal(await said(send(`http://[::1]:${port}`)), "six");
});
