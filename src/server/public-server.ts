/**
 * The public port: `node:http` with nothing between the socket and our own parsers.
 *
 * In: connections. Out: calls of the pipeline. Requests that the HTTP parser cannot read are answered here, since no request exists.
 */
import { createServer, type Server, ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { GateParts } from "../gate/gate-parts.ts";
import { handleRequest, handleUpgrade } from "../gate/pipeline.ts";
import type { ErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import { toProblem } from "../problems/problem.ts";
import { readTraceContext } from "../signals/trace-context.ts";
import { lingerOnClose } from "./lingering-close.ts";

/** Received bytes a read: the largest that the socket gives at once. */
const SOCKET_READ_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS_CHECK_MS = 1000;

/** Makes the server; the caller listens. */
export function makePublicServer(gate: GateParts): Server {
  const { limits } = gate.settings;
  const server = createServer({
    // Our own progress watch replaces it: a slow upload is not a stuck one (lesson T47).
    requestTimeout: 0,
    headersTimeout: limits.idleMs,
    keepAliveTimeout: Math.min(KEEP_ALIVE_MS, Math.max(limits.idleMs, 5000)),
    connectionsCheckingInterval: Math.min(CONNECTIONS_CHECK_MS, limits.idleMs),
    maxHeaderSize: limits.requestHeaderBytesMax,
    highWaterMark: SOCKET_READ_BYTES,
    insecureHTTPParser: false,
    // Judged by the pipeline instead, which answers with a problem.
    requireHostHeader: false,
    noDelay: true,
  });
  server.maxConnections = limits.connections;
  server.timeout = 0;
  server.on("connection", (socket) => {
    lingerOnClose(socket);
    gate.metrics.activeConnections.inc();
    socket.once("close", () => gate.metrics.activeConnections.dec());
  });
  server.on("request", (req, res) => void handleRequest(gate, req, res, false));
  server.on("checkContinue", (req, res) => void handleRequest(gate, req, res, true));
  server.on("checkExpectation", (_req, res) => refuseExpectation(res));
  server.on("upgrade", (req, socket, head) => {
    const res = new ServerResponse(req);
    res.assignSocket(socket as Socket);
    void handleUpgrade(gate, req, res, socket, head);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
    answerUnreadable(error, socket as Socket),
  );
  return server;
}

function refuseExpectation(res: ServerResponse): void {
  const { status, body } = problemText(
    new GateError("EXPECTATION_UNSUPPORTED", { expected: "Expect: 100-continue" }),
  );
  res.writeHead(status, { "content-type": "application/problem+json", connection: "close" }).end(body);
}

/** What the HTTP parser's own errors mean in our words. */
const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "REQUEST_HEADERS_TOO_LARGE",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "REQUEST_MALFORMED",
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
};

/** Connections whose unreadable request was answered; what still arrives there makes the parser complain again. */
const answered = new WeakSet<Socket>();

function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (answered.has(socket)) return;
  answered.add(socket);
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  // An answer has begun on this connection: a second one would be read as part of it.
  if (socket.bytesWritten > 0 && hasOpenAnswer(socket)) {
    socket.destroySoon();
    return;
  }
  const code = PARSER_ERRORS[error.code ?? ""] ?? "REQUEST_MALFORMED";
  const { status, body } = problemText(new GateError(code, { seen: error.code ?? "an unreadable request" }));
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  socket.destroySoon();
}

/** Node keeps the answer that is being written on the socket. */
function hasOpenAnswer(socket: Socket): boolean {
  const { _httpMessage: message } = socket as Socket & { _httpMessage?: ServerResponse | null };
  return message?.headersSent === true;
}

function problemText(error: GateError): { status: number; body: string } {
  const { requestId } = readTraceContext(undefined, undefined);
  return { status: error.status, body: JSON.stringify(toProblem(error, requestId)) };
}
