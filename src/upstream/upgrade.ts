/**
 * WebSocket connections: the upgrade goes to the service, and once it agrees the two sockets are one.
 *
 * In: the client's request and its raw socket. Out: a promise that resolves when the joined connection has ended on both sides.
 * Always: only `websocket` is passed on (an upgrade to h2c would carry requests past every check of the gate), and never with a body;
 * an answer other than 101 goes to the client as it is and ends the connection; whichever side closes, the other is closed.
 * @see RFC 9110 section 7.8, RFC 6455 section 4
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import { openRequest } from "./expect-link.ts";
import { endToEndResponseHeaders } from "./headers.ts";
import type { RawHeaders } from "./upstream.ts";
import { clientGone, timeoutError, upstreamError } from "./upstream-error.ts";

export interface UpgradeService {
  readonly name: string;
  readonly origin: URL;
  readonly timeoutMs: number;
  readonly closing: AbortSignal;
}

export interface UpgradeRequest {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly target: string;
  readonly requestHeaders: RawHeaders;
}

/**
 * Passes an upgrade on and joins the sockets.
 * @throws REQUEST_MALFORMED, UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_ANSWER_INVALID, REQUEST_ABORTED, GATE_STOPPING while nothing has
 * gone to the client yet; its socket is then still open, for the caller to answer on.
 */
export async function joinUpgrade(service: UpgradeService, request: UpgradeRequest): Promise<void> {
  const { req, socket, target, requestHeaders } = request;
  refuseOther(req);
  const headers = [...requestHeaders, "Connection", "Upgrade", "Upgrade", "websocket"];
  const up = openRequest(service.origin, { method: "GET", target, headers });
  return new Promise((resolve, reject) => {
    const fail = (error: GateError): void => {
      cleanUp();
      up.destroy();
      reject(error);
    };
    const onClientClose = (): void => fail(clientGone());
    const onClosing = (): void => fail(new GateError("GATE_STOPPING"));
    const onError = (error: Error): void => fail(upstreamError(error, service.name, false));
    const timer = setTimeout(() => fail(timeoutError(service.name)), service.timeoutMs);
    const cleanUp = (): void => {
      clearTimeout(timer);
      socket.off("close", onClientClose).off("error", onClientClose).off("end", onClientClose);
      socket.off("readable", onReadable);
      service.closing.removeEventListener("abort", onClosing);
    };
    // Nothing would be heard of a client that leaves while its socket is not read; what it sends early stays in the socket's buffer.
    const onReadable = (): void => {
      if (socket.readableLength === 0) socket.read();
    };
    socket.once("close", onClientClose).on("error", onClientClose).once("end", onClientClose);
    socket.on("readable", onReadable);
    service.closing.addEventListener("abort", onClosing);
    up.on("error", onError);
    up.once("upgrade", (answer, upstreamSocket, head) => {
      cleanUp();
      writeHead(socket, answer, ["Connection", "Upgrade", "Upgrade", answer.headers.upgrade ?? "websocket"]);
      resolve(joinSockets(service, { socket, head: request.head }, { socket: upstreamSocket, head }));
    });
    up.once("response", (answer) => {
      cleanUp();
      resolve(passRefusal(up, answer, socket));
    });
    up.end();
  });
}

function refuseOther(req: IncomingMessage): void {
  const upgrade = req.headers.upgrade ?? "";
  const hasBody =
    req.headers["transfer-encoding"] !== undefined || (req.headers["content-length"] ?? "0") !== "0";
  if (req.method === "GET" && /^websocket$/i.test(upgrade) && !hasBody) return;
  throw new GateError("REQUEST_MALFORMED", {
    message: "Only upgrades to WebSocket are passed on.",
    expected: "a GET request without a body, with Upgrade: websocket",
    seen: `${quoteSeen(req.method ?? "")} with Upgrade: ${quoteSeen(upgrade)}${hasBody ? " and a body" : ""}`,
  });
}

function writeHead(socket: Duplex, answer: IncomingMessage, added: RawHeaders): void {
  const headers = [...endToEndResponseHeaders(answer.rawHeaders), ...added];
  let text = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  socket.write(`${text}\r\n`, "latin1");
}

interface Side {
  readonly socket: Duplex;
  readonly head: Buffer;
}

function joinSockets(service: UpgradeService, client: Side, upstream: Side): Promise<void> {
  const breakOff = (): void => {
    client.socket.destroy();
    upstream.socket.destroy();
  };
  service.closing.addEventListener("abort", breakOff);
  if (client.head.length > 0) upstream.socket.write(client.head);
  if (upstream.head.length > 0) client.socket.write(upstream.head);
  client.socket.pipe(upstream.socket);
  upstream.socket.pipe(client.socket);
  const closed = [closeAfter(client.socket, upstream.socket), closeAfter(upstream.socket, client.socket)];
  return Promise.all(closed).then(() => service.closing.removeEventListener("abort", breakOff));
}

/**
 * Resolves when `socket` is closed. Where it has ended, `other` is closed, once it has taken what was written to it: half a connection is of no
 * use to WebSocket. @see RFC 6455 section 7.1.1
 */
function closeAfter(socket: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const onClose = (): void => {
      endAndDestroy(other);
      resolve();
    };
    socket.on("error", () => {}).once("end", () => endAndDestroy(other));
    if (socket.destroyed) onClose();
    else socket.once("close", onClose);
  });
}

function endAndDestroy(socket: Duplex): void {
  if (socket instanceof Socket) socket.destroySoon();
  else socket.destroy();
}

/** The service said no: its answer goes to the client, delimited by the close of the connection. */
function passRefusal(up: ClientRequest, answer: IncomingMessage, socket: Duplex): Promise<void> {
  writeHead(socket, answer, ["Connection", "close"]);
  answer.pipe(socket, { end: false });
  answer.on("end", () => endAndDestroy(socket));
  return new Promise((resolve) => {
    const end = (): void => {
      up.destroy();
      socket.destroy();
      resolve();
    };
    answer.on("error", end);
    up.on("error", end);
    socket.on("error", end).once("close", end);
    if (socket.destroyed) end();
  });
}
