/**
 * A proxy of our own between a drill's gate and the service, which fails when it is told to.
 *
 * In: requests of the gate; those that carry a `Sluicegate-Upload` are uploads. Out: each of them passed on, or a fault in its place, and an account of
 * what came and what the service answered. Always holds: a fault but `refuse` meets uploads alone, so that all other questions to the service go on;
 * bodies are passed on as they come, never held; what is counted is what the service really was told and really answered.
 * Not here: what is promised of any of it.
 */
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { request as requestTls } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * How it fails.
 * - `refuse`: nobody listens at the port, and what is open is broken off;
 * - `hang`: an upload is read, passed on to nobody and never answered;
 * - `delay`: the service takes it, its answer comes so much later;
 * - `throttle`: the body is passed on at so many bytes a second;
 * - `reset`: the service takes it, then the connection is broken off (RST) in place of the answer;
 * - `rubbish`: the service takes it, and what comes back is no HTTP;
 * - `status`: an upload is read and answered with this status; the service is not told of it.
 */
export type Fault =
  | { readonly kind: "none" | "refuse" | "hang" | "reset" | "rubbish" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "throttle"; readonly bytesPerSecond: number }
  | { readonly kind: "status"; readonly status: number };

/** What answers behind the proxy: the service at an origin (`http://host:port`), or the proxy itself with this status. */
export type Behind =
  | {
      readonly kind: "service";
      readonly origin: string;
      readonly ca?: string;
      readonly isUnverified?: boolean;
    }
  | { readonly kind: "stand-in"; readonly status: number };

/** What the service answered. Header names are lower-case. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** One try of the gate to hand an upload over. */
export interface HandOver {
  readonly uploadId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly atMs: number;
  readonly fault: Fault["kind"];
  /** Of the body, hex; `null` where it did not come whole. */
  readonly sha256: string | null;
  readonly bodyBytes: number;
  /** The service's own answer, also where the gate never got it; `null` where the service was not told, or gave none. */
  readonly answer: ServiceAnswer | null;
  /** Whether the stand-in answered in place of the service, which then has nothing of it. */
  readonly isByStandIn: boolean;
}

type Noted = { -readonly [K in keyof HandOver]: HandOver[K] };

const ANSWER_BYTES_MAX = 1024 * 1024;
const HOP_BY_HOP = /^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|trailer)$/i;

export class FaultProxy {
  #behind: Behind;
  readonly #handOvers: Noted[] = [];
  readonly #ended = new AbortController();
  #fault: Fault = { kind: "none" };
  #server: Server | null = null;
  #port = 0;

  constructor(behind: Behind) {
    this.#behind = behind;
  }

  /** Listens on a loopback port of its own. @returns its origin, which stays the same for good */
  async open(): Promise<string> {
    await this.#listen();
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Every try so far, oldest first. */
  get handOvers(): readonly HandOver[] {
    return this.#handOvers;
  }

  /** From now on; requests under way go on as they began, except where the port closes. */
  async fail(fault: Fault): Promise<void> {
    this.#fault = fault;
    if (fault.kind === "refuse") await this.#stopListening();
    else if (this.#server === null) await this.#listen();
  }

  heal(): Promise<void> {
    return this.fail({ kind: "none" });
  }

  /** From now on nothing more is sent to the service: the proxy answers in its place. */
  standIn(status: number): void {
    this.#behind = { kind: "stand-in", status };
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#stopListening();
  }

  async #listen(): Promise<void> {
    const server = createServer((req, res) => void this.#answer(req, res));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Never rejects: a side that goes away ends the other. */
  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { socket } = req;
    req.on("error", () => {});
    res.on("error", () => {});
    try {
      const uploadId = req.headers["sluicegate-upload"];
      if (typeof uploadId === "string") await this.#handOver(req, res, uploadId);
      else await this.#passOn(req, res);
    } catch {
      socket.destroy();
    }
  }

  async #handOver(req: IncomingMessage, res: ServerResponse, uploadId: string): Promise<void> {
    const fault = this.#fault;
    const noted = this.#note(req, uploadId, fault);
    if (fault.kind === "hang" || fault.kind === "status") await this.#drop(req, noted);
    if (fault.kind === "hang") return;
    if (fault.kind === "status") return answerStatus(res, fault.status);
    const rate = fault.kind === "throttle" ? fault.bytesPerSecond : Number.POSITIVE_INFINITY;
    const answer = await this.#ask(req, noted, rate);
    noted.answer = answer;
    if (fault.kind === "delay") await sleep(fault.ms, undefined, { signal: this.#ended.signal });
    if (fault.kind === "reset") req.socket.resetAndDestroy();
    else if (fault.kind === "rubbish") req.socket.end("\u0000\u0001 this is no HTTP at all\r\n\r\n");
    else sendAnswer(res, answer);
  }

  #note(req: IncomingMessage, uploadId: string, fault: Fault): Noted {
    const noted: Noted = {
      uploadId,
      attempt: Number(req.headers["sluicegate-attempt"] ?? 1),
      atMs: Date.now(),
      fault: fault.kind,
      sha256: null,
      bodyBytes: 0,
      answer: null,
      isByStandIn: this.#behind.kind === "stand-in",
    };
    this.#handOvers.push(noted);
    return noted;
  }

  async #drop(req: IncomingMessage, noted: Noted): Promise<void> {
    const hash = createHash("sha256");
    for await (const chunk of req) count(noted, hash, chunk as Buffer);
    noted.sha256 = hash.digest("hex");
  }

  /** What is no upload: a question to who may send, what passes through. */
  async #passOn(req: IncomingMessage, res: ServerResponse): Promise<void> {
    sendAnswer(res, await this.#ask(req, null, Number.POSITIVE_INFINITY));
  }

  async #ask(req: IncomingMessage, noted: Noted | null, bytesPerSecond: number): Promise<ServiceAnswer> {
    if (this.#behind.kind === "service") return this.#askService(this.#behind, req, noted, bytesPerSecond);
    if (noted === null) for await (const _ of req);
    else await this.#drop(req, noted);
    return standInAnswer(this.#behind.status);
  }

  async #askService(
    behind: Extract<Behind, { kind: "service" }>,
    req: IncomingMessage,
    noted: Noted | null,
    bytesPerSecond: number,
  ): Promise<ServiceAnswer> {
    const { origin, ca, isUnverified = false } = behind;
    const url = new URL(origin);
    const outgoing = (url.protocol === "https:" ? requestTls : request)({
      // A connection for each request: one that is kept may be closed by the service at the wrong moment, which would be a fault that nobody asked for.
      agent: false,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port,
      method: req.method,
      path: req.url,
      headers: headersFor(req, url.host, `127.0.0.1:${this.#port}`),
      rejectUnauthorized: !isUnverified,
      signal: this.#ended.signal,
      ...(ca === undefined ? {} : { ca }),
    });
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    const sent = sendBody(req, outgoing, noted, bytesPerSecond);
    // One of the two may fail after the other one has decided.
    for (const each of [answered, sent]) each.catch(() => {});
    try {
      // The answer may come before the body's end, and is what counts then.
      const [incoming] = await Promise.race([answered, sent.then(() => answered)]);
      return await readAnswer(incoming);
    } finally {
      if (!outgoing.writableEnded) outgoing.destroy();
    }
  }
}

async function sendBody(
  req: IncomingMessage,
  outgoing: ReturnType<typeof request>,
  noted: Noted | null,
  bytesPerSecond: number,
): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of req) {
    count(noted, hash, chunk as Buffer);
    if (!outgoing.write(chunk)) await once(outgoing, "drain");
    if (Number.isFinite(bytesPerSecond)) await sleep(((chunk as Buffer).length / bytesPerSecond) * 1000);
  }
  if (noted !== null) noted.sha256 = hash.digest("hex");
  outgoing.end();
}

function count(noted: Noted | null, hash: Hash, chunk: Buffer): void {
  if (noted === null) return;
  noted.bodyBytes += chunk.length;
  hash.update(chunk);
}

/** As they came; the host is the service's where the gate named the proxy. */
function headersFor({ rawHeaders }: IncomingMessage, host: string, own: string): string[] {
  const headers: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (/^(connection|keep-alive|proxy-connection)$/i.test(name)) continue;
    headers.push(name, /^host$/i.test(name) && value === own ? host : value);
  }
  return [...headers, "Connection", "close"];
}

async function readAnswer(incoming: IncomingMessage): Promise<ServiceAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (bytes <= ANSWER_BYTES_MAX) chunks.push(chunk as Buffer);
  }
  const { rawHeaders } = incoming;
  const headers: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers.push([(rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? ""]);
  return { status: incoming.statusCode ?? 0, headers, body: Buffer.concat(chunks) };
}

function sendAnswer(res: ServerResponse, { status, headers, body }: ServiceAnswer): void {
  const kept = headers.filter(([name]) => !HOP_BY_HOP.test(name) && name !== "content-length");
  const framed = status === 204 || status === 304 ? [] : ["content-length", String(body.length)];
  res.writeHead(status, [...kept.flat(), ...framed]).end(body);
}

function answerStatus(res: ServerResponse, status: number): void {
  sendAnswer(res, jsonAnswer(status, { detail: "made by a drill" }));
}

const standInAnswer = (status: number): ServiceAnswer =>
  jsonAnswer(status, { detail: "taken by the stand-in of a drill" });

function jsonAnswer(status: number, value: unknown): ServiceAnswer {
  const body = Buffer.from(status === 204 ? "" : JSON.stringify(value));
  return { status, headers: [["content-type", "application/json"]], body };
}
