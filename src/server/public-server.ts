/**
 * The public port: connections in, requests to the pipeline, whichever protocol they come by.
 *
 * One listener takes every connection in (`client-connections.ts`); with a certificate, TLS is spoken on it and the handshake says whether
 * HTTP/1.1 or HTTP/2 follows. Connections that there is no room for are told so, not just dropped.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import type { GateParts } from "../gate/gate-parts.ts";
import { handleRequest } from "../gate/pipeline.ts";
import { GateError } from "../problems/gate-error.ts";
import { type ClientConnection, ClientConnections } from "./client-connections.ts";
import { type Http1Server, KEEP_ALIVE_MS, makeHttp1Server, SOCKET_READ_BYTES } from "./http1-server.ts";
import { answerOverHttp2, Http2Bodies, openHttp2 } from "./http2/http2-sessions.ts";
import { lingerOnClose } from "./lingering-close.ts";
import { openPublicCertificate, type PublicCertificate } from "./public-certificate.ts";
import { StallWatch, socketOutflow } from "./stall-watch.ts";
import type { TlsPair } from "./tls-certificate.ts";
import { answerBare } from "./unreadable-request.ts";

const RETRY_AFTER_SECONDS = 5;
/** From the accept of a connection that there is no room for to its end. */
const TOLD_MS_MAX = 5000;
/** Its client has so long to begin a request that the answer then answers. */
const TOLD_AFTER_MS = 1000;
const HOUSEKEEPING_MS = 1000;
/** What has been let go politely is cut off after so long. */
const LEAVE_MS_MAX = 2000;

/** Makes the public server; `listener` is for the caller to listen on. @throws SETTINGS_INVALID where the TLS files are no pair */
export async function openPublicServer(gate: GateParts): Promise<PublicServer> {
  const files = gate.settings.listen.public.tls;
  return new PublicServer(gate, files === null ? null : await openPublicCertificate(gate, files));
}

export class PublicServer {
  readonly listener: Server;
  /** `null` without TLS. */
  readonly certificate: PublicCertificate | null;
  readonly #gate: GateParts;
  readonly #connections: ClientConnections;
  readonly #stalls: StallWatch;
  readonly #bodies: Http2Bodies;
  readonly #http1: Http1Server;
  readonly #tls: TlsServer | null;
  readonly #housekeeping: NodeJS.Timeout;

  constructor(gate: GateParts, certificate: PublicCertificate | null) {
    this.#gate = gate;
    this.certificate = certificate;
    const { limits } = gate.settings;
    this.#connections = new ClientConnections({
      connectionsMax: limits.connections,
      isTrustedProxy: gate.isTrustedProxy,
      onCount: (open) => gate.metrics.activeConnections.set(open),
      onTurnedAway: (how) => gate.metrics.connectionsTurnedAway.inc({ how }),
    });
    this.#stalls = new StallWatch(limits.idleMs);
    this.#bodies = new Http2Bodies(limits.connections);
    this.#http1 = makeHttp1Server(gate, {
      serve: (req, res, expectsContinue) => this.#serve(req.socket, req, res, expectsContinue),
      upgraded: (socket) => this.#join(socket),
    });
    this.#tls = certificate === null ? null : this.#openTls(certificate);
    const sockets = { allowHalfOpen: true, noDelay: true, highWaterMark: SOCKET_READ_BYTES };
    this.listener = createServer(sockets, (raw) => this.#accept(raw));
    this.#housekeeping = setInterval(() => this.#closeIdleHttp2(), HOUSEKEEPING_MS).unref();
  }

  /**
   * Ends connections that wait for a next request, and every other one after its answer; new requests are refused by the pipeline. Resolves when
   * no request is at work.
   */
  async drain(): Promise<void> {
    for (const connection of this.#connections.open) {
      if (!connection.hasAsked) continue;
      // HTTP/1.1 says it in the answer, HTTP/2 by GOAWAY.
      if (!connection.isHttp2) for (const answer of connection.answers) answer.shouldKeepAlive = false;
      connection.leave();
    }
    await this.#connections.quiet();
  }

  /** Ends what is left, WebSockets too. */
  async close(): Promise<void> {
    clearInterval(this.#housekeeping);
    this.certificate?.close();
    this.#stalls.close();
    const closed = new Promise<void>((resolve) => this.listener.close(() => resolve()));
    for (const { raw } of this.#connections.open) raw.destroy();
    this.#http1.close();
    await closed;
  }

  #accept(raw: Socket): void {
    const connection = this.#connections.admit(raw);
    if (connection === null) return;
    raw.on("error", () => {});
    if (connection.isTurnedAway) cutAfter(raw, TOLD_MS_MAX);
    if (this.#tls === null) this.#speakHttp1(connection, raw);
    else this.#tls.emit("connection", raw);
  }

  #openTls(certificate: PublicCertificate): TlsServer {
    const { limits } = this.#gate.settings;
    const server = createTlsServer({
      ...secretsOf(certificate.pair),
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: Math.min(limits.headersMs, limits.idleMs),
    });
    certificate.onChange((pair) => server.setSecureContext(secretsOf(pair)));
    server.on("secureConnection", (socket) => this.#secured(socket));
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      this.#gate.log.debug({ code: error.code, clientAddress: socket.remoteAddress }, "no TLS connection");
      socket.destroy();
    });
    return server;
  }

  #secured(socket: TLSSocket): void {
    const connection = this.#connections.find(socket);
    if (connection === undefined) socket.destroy();
    else if (socket.alpnProtocol === "h2") this.#speakHttp2(connection, socket);
    else this.#speakHttp1(connection, socket);
  }

  #speakHttp1(connection: ClientConnection, socket: Socket): void {
    lingerOnClose(socket);
    if (connection.isTurnedAway) {
      tellBusy(socket);
      return;
    }
    this.#watchStalls(connection, socket);
    connection.leave = () => {
      if (connection.answers.size === 0) socket.destroy();
    };
    this.#http1.take(socket);
  }

  #speakHttp2(connection: ClientConnection, socket: TLSSocket): void {
    if (connection.isTurnedAway) {
      answerOverHttp2(socket, busy());
      return;
    }
    this.#watchStalls(connection, socket);
    const handlers = {
      serve: (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void =>
        this.#serve(socket, req, res, expectsContinue),
    };
    const session = openHttp2(socket, this.#gate.settings.limits, handlers, {
      stalls: this.#stalls,
      bodies: this.#bodies,
    });
    // GOAWAY first: what is being answered goes on, and the client knows what it may send elsewhere.
    connection.leave = () => {
      session.close();
      if (connection.answers.size === 0) cutAfter(connection.raw, LEAVE_MS_MAX);
    };
    connection.isHttp2 = true;
  }

  #watchStalls({ raw }: ClientConnection, socket: Socket): void {
    const forget = this.#stalls.add(
      socketOutflow(raw, socket, () => {
        this.#gate.metrics.connectionsTurnedAway.inc({ how: "stalled" });
        raw.destroy();
      }),
    );
    raw.once("close", forget);
    this.#forgetStalls.set(raw, forget);
  }

  readonly #forgetStalls = new WeakMap<Socket, () => void>();

  #serve(socket: Socket, req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const connection = this.#connections.find(socket);
    if (connection !== undefined) {
      const end = this.#connections.begin(connection, res);
      res.once("close", () => {
        end();
        if (this.#gate.isStopping) connection.leave();
      });
    }
    if (this.#gate.isStopping && connection?.isHttp2 !== true) res.shouldKeepAlive = false;
    void handleRequest(this.#gate, req, res, expectsContinue);
  }

  #join(socket: Socket): void {
    const connection = this.#connections.find(socket);
    if (connection === undefined) return;
    this.#connections.join(connection);
    this.#forgetStalls.get(connection.raw)?.();
  }

  /** Node does it for HTTP/1.1. A client's pings do not keep a connection: only requests do. */
  #closeIdleHttp2(): void {
    const { idleMs, headersMs } = this.#gate.settings.limits;
    for (const connection of this.#connections.idle) {
      const patienceMs = connection.hasAsked ? Math.min(KEEP_ALIVE_MS, Math.max(idleMs, 5000)) : headersMs;
      if (connection.isHttp2 && performance.now() - connection.idleSinceMs > patienceMs) connection.leave();
    }
  }
}

function secretsOf({ certificate, key }: TlsPair): { cert: Buffer; key: Buffer; minVersion: "TLSv1.2" } {
  return { cert: certificate, key, minVersion: "TLSv1.2" };
}

function busy(): GateError {
  return new GateError("GATE_BUSY", {
    message: "The gate has as many connections as limits.connections allows.",
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/** Once the client has begun to ask: some clients take an answer before their question for a broken connection. */
function tellBusy(socket: Socket): void {
  const tell = (): void => {
    clearTimeout(timer);
    socket.off("data", tell);
    if (!socket.destroyed) answerBare(socket, busy());
  };
  const timer = setTimeout(tell, TOLD_AFTER_MS);
  socket
    .on("error", () => {})
    .once("close", () => clearTimeout(timer))
    .on("data", tell);
}

function cutAfter(socket: Socket, afterMs: number): void {
  const timer = setTimeout(() => socket.destroy(), afterMs).unref();
  socket.once("close", () => clearTimeout(timer));
}
