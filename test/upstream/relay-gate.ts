/**
 * What the tests of `src/upstream` stand on: real services, a gate that does nothing but pass on, and a plain client. Everything opened is closed
 * after the tests of the file that imports this.
 */
import assert from "node:assert/strict";
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
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import { after } from "node:test";
import { GateError } from "../../src/problems/gate-error.ts";
import { connectUpstream } from "../../src/upstream/connect-upstream.ts";
import type { ExchangeReport, RelayOptions, Upstream } from "../../src/upstream/upstream.ts";

export const openServers = new Set<Server | TcpServer>();
export const openUpstreams = new Set<Upstream>();
const agent = new Agent({ keepAlive: false });

after(async () => {
  for (const upstream of openUpstreams) await upstream.close();
  for (const server of openServers) {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  }
});

export type Listener = (req: IncomingMessage, res: ServerResponse) => void;

export async function listen<T extends Server | TcpServer>(server: T): Promise<number> {
  openServers.add(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

export async function startService(listener: Listener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

/** A service that speaks raw bytes: `onData` gets the socket once the request's head has come. */
export async function startRawService(onHead: (socket: Socket, count: number) => void): Promise<string> {
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

export interface Gate {
  readonly port: number;
  /** How the exchanges ended, in the order they ended in. */
  readonly outcomes: (ExchangeReport | GateError)[];
  nextOutcome(): Promise<ExchangeReport | GateError>;
  readonly upstream: Upstream;
}

export type Handler = (
  upstream: Upstream,
  req: IncomingMessage,
  res: ServerResponse,
) => Promise<ExchangeReport>;

export const relayAll =
  (extra: Partial<RelayOptions> = {}): Handler =>
  (upstream, req, res) =>
    upstream.relay(req, res, { target: req.url ?? "/", requestHeaders: passable(req), ...extra });

export function passable(req: IncomingMessage): string[] {
  const dropped = new Set(["connection", "transfer-encoding", "keep-alive", "upgrade"]);
  const kept: string[] = [];
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at] ?? "";
    if (!dropped.has(name.toLowerCase())) kept.push(name, req.rawHeaders[at + 1] ?? "");
  }
  return kept;
}

export async function startGate(
  url: string,
  handler: Handler = relayAll(),
  timeoutMs = 10_000,
): Promise<Gate> {
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

export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly rawHeaders: string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/** A request whose late errors are nobody's: an answer is judged by those who wait for it. */
export function startCall(options: RequestOptions): ClientRequest {
  return request({ host: "127.0.0.1", agent, ...options }).on("error", () => {});
}

export async function call(port: number, options: Call = {}): Promise<Answer> {
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

export async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1] === name);
}

export function reportOf(outcome: ExchangeReport | GateError): ExchangeReport {
  if (outcome instanceof GateError) assert.fail(`expected a report, got ${outcome.code}`);
  return outcome;
}

export function codeOf(outcome: ExchangeReport | GateError): string {
  return outcome instanceof GateError ? outcome.code : `report of ${outcome.status}`;
}
