/**
 * HTTP/1.1: `node:http` with nothing between the socket and our own parsers. It does not listen: connections are handed to it, plain or out
 * of TLS.
 */
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { GateParts } from "../gate/gate-parts.ts";
import { handleUpgrade } from "../gate/pipeline.ts";
import { GateError } from "../problems/gate-error.ts";
import { answerBare, answerUnreadable, problemAnswer } from "./unreadable-request.ts";

/** Received bytes a read: the largest that the socket gives at once. */
export const SOCKET_READ_BYTES = 64 * 1024;
/** How long a connection is kept without a request. */
export const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS_CHECK_MS = 1000;

/** What is done with a request, whichever protocol it came by. */
export interface RequestHandlers {
  readonly serve: (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => void;
  /** The connection is no HTTP any more. */
  readonly upgraded: (socket: Socket) => void;
}

export interface Http1Server {
  /** Speaks HTTP/1.1 on a connection. */
  readonly take: (socket: Socket) => void;
  readonly close: () => void;
}

/** Makes the server. */
export function makeHttp1Server(gate: GateParts, handlers: RequestHandlers): Http1Server {
  const server = createServer(serverOptions(gate));
  // Bounded by their bytes. A count would drop the rest without a word, and the framing could be in the rest.
  server.maxHeadersCount = 0;
  server.timeout = 0;
  server.on("request", (req, res) => handlers.serve(req, res, false));
  server.on("checkContinue", (req, res) => handlers.serve(req, res, true));
  server.on("checkExpectation", (_req, res) => refuseExpectation(res));
  // Without it Node closes the connection without a word.
  server.on("connect", (req, socket) =>
    answerBare(socket as Socket, new GateError("METHOD_NOT_SUPPORTED", { seen: req.method ?? "" })),
  );
  server.on("upgrade", (req, socket, head) => {
    const res = new ServerResponse(req);
    res.assignSocket(socket as Socket);
    handlers.upgraded(socket as Socket);
    void handleUpgrade(gate, req, res, socket, head);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
    answerUnreadable(gate.log, error, socket as Socket),
  );
  // Node looks after the deadline of headers from the moment it believes that it listens.
  server.emit("listening");
  return {
    take: (socket) => void server.emit("connection", socket),
    close: () => void server.close(() => {}),
  };
}

function serverOptions({ settings: { limits } }: GateParts): Parameters<typeof createServer>[0] {
  const headersMs = Math.min(limits.headersMs, limits.idleMs);
  return {
    // Our own progress watch replaces it: a slow upload is not a stuck one (lesson T47).
    requestTimeout: 0,
    // Of all headers together, from the first byte, or from the start of a connection on which nothing comes.
    headersTimeout: headersMs,
    keepAliveTimeout: Math.min(KEEP_ALIVE_MS, Math.max(limits.idleMs, 5000)),
    connectionsCheckingInterval: Math.min(CONNECTIONS_CHECK_MS, headersMs),
    maxHeaderSize: limits.requestHeaderBytesMax,
    insecureHTTPParser: false,
    // Judged by the pipeline instead, which answers with a problem.
    requireHostHeader: false,
    // Other protocols are offered by clients that go on in HTTP/1.1 when nobody takes the offer (curl --http2): RFC 9110 section 7.8.
    shouldUpgradeCallback: (req) => /^\s*websocket\s*$/i.test(req.headers.upgrade ?? ""),
  };
}

function refuseExpectation(res: ServerResponse): void {
  const { status, headers, body } = problemAnswer(
    new GateError("EXPECTATION_UNSUPPORTED", { expected: "Expect: 100-continue" }),
  );
  res.writeHead(status, { ...headers, connection: "close" }).end(body);
}
