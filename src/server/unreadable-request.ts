/**
 * Answers on a bare HTTP/1.1 connection: to bytes that the HTTP parser cannot read as a request, and to connections that there is no room for.
 */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import { toProblem } from "../problems/problem.ts";
import type { Log } from "../signals/log.ts";
import { readTraceContext } from "../signals/trace-context.ts";
import { isLingering } from "./lingering-close.ts";

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
  HPE_PAUSED_H2_UPGRADE: ["REQUEST_MALFORMED", "HTTP/2 without TLS"],
  ERR_HTTP_REQUEST_TIMEOUT: ["REQUEST_TIMEOUT", "headers that did not arrive in time"],
};

/** Answers what could not be read, where an answer can still be understood, and closes the connection. */
export function answerUnreadable(log: Log, error: NodeJS.ErrnoException, socket: Socket): void {
  // What still arrives after an answer makes the parser complain again.
  if (isLingering(socket)) return;
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  // Bytes behind the last request of a connection: nobody reads them, and they are no reason not to answer that one.
  if (error.code === "HPE_CLOSED_CONNECTION" && answerAtWork(socket) !== null) return;
  // An answer has begun on this connection: a second one would be read as part of it.
  if (socket.bytesWritten > 0 && answerAtWork(socket)?.headersSent === true) {
    socket.destroySoon();
    return;
  }
  const [code, seen] = PARSER_ERRORS[error.code ?? ""] ?? [
    "REQUEST_MALFORMED",
    "bytes that are no HTTP request",
  ];
  log.info({ code, parser: error.code, clientAddress: socket.remoteAddress }, "unreadable request");
  answerBare(socket, new GateError(code, { expected: "one valid HTTP/1.1 request", seen }));
}

/** Writes a problem as the last answer of a connection, and closes it as `lingering-close.ts` says. */
export function answerBare(socket: Socket, error: GateError): void {
  const { status, headers, body } = problemAnswer(error);
  const lines = Object.entries({ ...headers, connection: "close" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\n${lines.join("")}\r\n${body}`);
  socket.destroySoon();
}

/** A problem as an answer to a request of which nothing is known. */
export function problemAnswer(error: GateError): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const { requestId } = readTraceContext(undefined, undefined);
  const body = JSON.stringify(toProblem(error, requestId));
  const headers = {
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "cache-control": "no-store",
    "x-request-id": requestId,
    ...(error.retryAfterSeconds === null ? {} : { "retry-after": String(error.retryAfterSeconds) }),
  };
  return { status: error.status, headers, body };
}

/** Node keeps the answer that is at work on the socket. */
function answerAtWork(socket: Socket): ServerResponse | null {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? null;
}
