/**
 * Carries a request with `Expect: 100-continue`: its head goes to the service at once, its body only when the service wants it.
 *
 * A connection of its own for each, over `node:http`: such requests are few and large. The client gets its 100 when the service sends one, or
 * after a second for services that do not know the expectation, as clients themselves do. @see RFC 9110 section 10.1.1
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { request as httpsRequest } from "node:https";
import { CONNECT_TIMEOUT_MS, type Exchange } from "./exchange.ts";
import { bareHost } from "./patient-socket.ts";
import type { RelayBody } from "./request-body.ts";
import type { RawHeaders } from "./upstream.ts";

const CONTINUE_WAIT_MS = 1_000;

export interface ExpectRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: RawHeaders;
  readonly body: RelayBody;
  /** Whether the client's body came chunked: then it goes on chunked. */
  readonly isChunked: boolean;
}

/** Opens a request over a connection of its own, with the headers exactly as given. */
export function openRequest(
  origin: URL,
  request: { method: string; target: string; headers: RawHeaders },
): ClientRequest {
  const open = origin.protocol === "https:" ? httpsRequest : httpRequest;
  return open({
    host: bareHost(origin.hostname),
    port: origin.port === "" ? undefined : Number(origin.port),
    method: request.method,
    path: request.target,
    headers: request.headers,
    setHost: false,
    agent: false,
    maxHeaderSize: 64 * 1024,
  });
}

/** Sends the request; all that follows is told to `exchange`. */
export function sendExpecting(
  origin: URL,
  request: ExpectRequest,
  res: ServerResponse,
  exchange: Exchange,
): void {
  const framing = request.isChunked ? ["Transfer-Encoding", "chunked"] : [];
  const headers = [...request.headers, ...framing, "Connection", "close"];
  const up = openRequest(origin, { ...request, headers });
  const startBody = once(() => {
    if (exchange.hasAnswer || exchange.isSettled) return;
    res.writeContinue();
    pump(request.body, up, exchange);
  });
  up.on("socket", (socket) => {
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => up.destroy());
    const onConnect = (): void => {
      socket.setTimeout(0);
      exchange.opened(linkOf(up));
      exchange.held();
    };
    socket.once(origin.protocol === "https:" ? "secureConnect" : "connect", onConnect);
  });
  const patience = setTimeout(startBody, CONTINUE_WAIT_MS);
  up.on("continue", startBody).on("response", (answer) => passAnswer(answer, exchange));
  up.on("error", (error) => exchange.failed(error));
  up.on("close", () => {
    clearTimeout(patience);
    exchange.failed(new Error("the connection closed before the answer was complete"));
  });
  up.flushHeaders();
}

function pump(body: RelayBody, up: ClientRequest, exchange: Exchange): void {
  up.on("drain", () => body.resume());
  body.on("data", (chunk: Uint8Array) => {
    if (!up.write(chunk)) body.pause();
  });
  body.on("end", () => {
    up.end();
    exchange.requestSent();
  });
  body.on("error", (error) => up.destroy(error));
}

function passAnswer(answer: IncomingMessage, exchange: Exchange): void {
  exchange.answerHead(answer.statusCode ?? 0, answer.statusMessage ?? "", answer.rawHeaders);
  answer.on("data", (chunk: Buffer) => exchange.answerData(chunk));
  answer.on("end", () => exchange.answerEnd());
  answer.on("error", (error) => exchange.failed(error));
}

function linkOf(up: ClientRequest): { pause(): void; resume(): void; abort(error: Error): void } {
  let answer: IncomingMessage | null = null;
  up.once("response", (incoming) => {
    answer = incoming;
  });
  return {
    pause: () => void answer?.pause(),
    resume: () => void answer?.resume(),
    abort: (error) => void up.destroy(error),
  };
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    run();
  };
}
