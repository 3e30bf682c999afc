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
import { isLingering, lingerOnClose } from "./lingering-close.ts";

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
    // Other protocols are offered by clients that go on in HTTP/1.1 when nobody takes the offer (curl --http2): RFC 9110 section 7.8.
    shouldUpgradeCallback: (req) => /^\s*websocket\s*$/i.test(req.headers.upgrade ?? ""),
    noDelay: true,
  });
  // Bounded by their bytes. A count would drop the rest without a word, and the framing could be in the rest.
  server.maxHeadersCount = 0;
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
    answerUnreadable(gate, error, socket as Socket),
  );
  return server;
}

function refuseExpectation(res: ServerResponse): void {
  const { status, body } = problemText(
    new GateError("EXPECTATION_UNSUPPORTED", { expected: "Expect: 100-continue" }),
  );
  res.writeHead(status, { "content-type": "application/problem+json", connection: "close" }).end(body);
}

/** What the HTTP parser's own errors mean in our words: the code, and what was seen. */
const PARSER_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "REQUEST_HEADERS_TOO_LARGE",
    "more bytes of headers than limits.request-headers allows",
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["REQUEST_MALFORMED", "chunk extensions without end"],
  HPE_INVALID_CHUNK_SIZE: ["REQUEST_MALFORMED", "a chunk size that is no hexadecimal number"],
  HPE_INVALID_CONTENT_LENGTH: ["REQUEST_MALFORMED", "a Content-Length that is no plain number"],
  HPE_UNEXPECTED_CONTENT_LENGTH: ["REQUEST_MALFORMED", "Content-Length twice, or beside Transfer-Encoding"],
  HPE_INVALID_TRANSFER_ENCODING: [
    "REQUEST_MALFORMED",
    "a Transfer-Encoding that leaves the end of the body open",
  ],
  HPE_INVALID_HEADER_TOKEN: ["REQUEST_MALFORMED", "a header with characters that are not allowed"],
  HPE_INVALID_EOF_STATE: ["REQUEST_MALFORMED", "the end of the connection in the middle of the request"],
  HPE_INVALID_METHOD: ["REQUEST_MALFORMED", "no HTTP method that is known"],
  HPE_INVALID_VERSION: ["REQUEST_MALFORMED", "no HTTP version that is known"],
  ERR_HTTP_REQUEST_TIMEOUT: ["REQUEST_TIMEOUT", "headers that did not arrive in time"],
};

function answerUnreadable(gate: GateParts, error: NodeJS.ErrnoException, socket: Socket): void {
  // What still arrives after an answer makes the parser complain again.
  if (isLingering(socket)) return;
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  // An answer has begun on this connection: a second one would be read as part of it.
  if (socket.bytesWritten > 0 && hasOpenAnswer(socket)) {
    socket.destroySoon();
    return;
  }
  const [code, seen] = PARSER_ERRORS[error.code ?? ""] ?? [
    "REQUEST_MALFORMED",
    "bytes that are no HTTP request",
  ];
  gate.log.info({ code, parser: error.code, clientAddress: socket.remoteAddress }, "unreadable request");
  const { status, body } = problemText(new GateError(code, { expected: "one valid HTTP/1.1 request", seen }));
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
