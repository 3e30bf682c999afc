/**
 * The service behind the gate: requests out, answers in, over a pool of kept connections.
 *
 * In: an origin and its deadlines. Out: an `Upstream`. Always: one answer or one error for each call; no request with a body goes out twice;
 * memory does not grow with the size of what passes. Not here: which headers pass (`headers.ts`), what a delivery's body is (`delivery/`).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { Pool } from "undici";
import { type AnswerSink, NO_CLIENT } from "./answer-sink.ts";
import { drainRequest } from "./drain-request.ts";
import { CONNECT_TIMEOUT_MS, Exchange, type ExchangeInit } from "./exchange.ts";
import { sendExpecting } from "./expect-link.ts";
import { bareHost, patientConnector } from "./patient-socket.ts";
import { type BodyTap, RelayBody, watchedChunks } from "./request-body.ts";
import { dispatchOnPool, type PoolRequest } from "./undici-link.ts";
import { joinUpgrade } from "./upgrade.ts";
import type {
  AnswerOptions,
  ExchangeReport,
  GatheredBody,
  RawHeaders,
  RelayOptions,
  Upstream,
  UpstreamAnswer,
  UpstreamRequest,
} from "./upstream.ts";
import { unreachable } from "./upstream-error.ts";

const ANSWER_HEADER_BYTES_MAX = 64 * 1024;

/** Below the 5 s of uvicorn, the shortest that services of this kind usually keep an idle connection for. */
const KEEP_ALIVE_MS = 4_000;

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export interface ConnectUpstreamOptions {
  readonly name: string;
  /** Origin only: `http://host:port`. */
  readonly url: string;
  /** From the last byte of the request to the head of the answer, and between bytes of the answer (but for event streams). */
  readonly timeoutMs: number;
  /** Connections at once; more exchanges wait for a free one. Default: as many as there are exchanges. */
  readonly connectionsMax?: number;
}

/**
 * Connects to one service. No connection is made yet.
 * @throws TypeError where `url` is no URL.
 */
export function connectUpstream(options: ConnectUpstreamOptions): Upstream {
  const origin = new URL(options.url);
  const pool = new Pool(origin.origin, {
    connections: options.connectionsMax ?? null,
    pipelining: 1,
    allowH2: false,
    connect:
      origin.protocol === "https:" ? { timeout: CONNECT_TIMEOUT_MS } : patientConnector(CONNECT_TIMEOUT_MS),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: ANSWER_HEADER_BYTES_MAX,
    // The exchange keeps the time itself, to the millisecond and with the event streams exempt.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const closing = new AbortController();
  const service: Service = {
    name: options.name,
    origin,
    timeoutMs: options.timeoutMs,
    pool,
    closing: closing.signal,
  };
  return {
    name: options.name,
    send: (request, res, answer) => send(service, request, res, answer),
    request: (request, answer) => requestAlone(service, request, answer),
    relay: (req, res, relayOptions) => relay(service, req, res, relayOptions),
    upgrade: (req, socket, head, upgradeOptions) =>
      joinUpgrade(service, { req, socket, head, ...upgradeOptions }),
    probe: () => probe(service),
    close: async () => {
      closing.abort();
      await pool.destroy();
    },
  };
}

interface Service {
  readonly name: string;
  readonly origin: URL;
  readonly timeoutMs: number;
  readonly pool: Pool;
  /** Aborted by `close()`. */
  readonly closing: AbortSignal;
}

function openExchange(
  service: Service,
  res: AnswerSink,
  options: AnswerOptions,
  how: Pick<ExchangeInit, "onClientGone" | "endEarly">,
): Exchange {
  return new Exchange({ upstreamName: service.name, timeoutMs: service.timeoutMs, res, options, ...how });
}

/**
 * A delivery goes on when its client goes away: the service may have taken the upload already, and only its status tells. The answer's body
 * is then dropped.
 */
async function send(
  service: Service,
  request: UpstreamRequest,
  res: AnswerSink,
  options: AnswerOptions,
): Promise<ExchangeReport> {
  const exchange = openExchange(service, res, options, { onClientGone: "finish", endEarly: null });
  const chunks = request.body?.[Symbol.asyncIterator]() ?? null;
  try {
    const body = chunks === null ? null : await firstOrAll(chunks, request.bodyBytes, exchange);
    if (!exchange.isSettled) dispatchOnPool(service.pool, sendRequest(request, body), exchange);
  } catch (error) {
    exchange.failed(error);
  }
  try {
    return await exchange.done;
  } finally {
    await chunks?.return?.();
  }
}

/** A delivery without a client. Once the service has said its status, that is the outcome, whatever becomes of the body. */
async function requestAlone(
  service: Service,
  request: UpstreamRequest,
  { bodyBytesMax, signal }: { readonly bodyBytesMax: number; readonly signal?: AbortSignal },
): Promise<UpstreamAnswer> {
  const heard: { answer: UpstreamAnswer | null } = { answer: null };
  const beforeHead = async (status: number, gathered: GatheredBody | null): Promise<void> => {
    if (gathered !== null) heard.answer = { status, ...gathered };
  };
  const options = { beforeHead, gatherBytesMax: bodyBytesMax, ...(signal === undefined ? {} : { signal }) };
  const failure = await send(service, request, NO_CLIENT, options).then(
    () => null,
    (error: unknown) => error,
  );
  if (heard.answer !== null) return heard.answer;
  throw failure;
}

/** A body that is one chunk goes out in one write with its head; any other is pulled. */
async function firstOrAll(
  chunks: AsyncIterator<Uint8Array>,
  bodyBytes: number,
  exchange: Exchange,
): Promise<Uint8Array | AsyncIterable<Uint8Array> | null> {
  const first = await chunks.next();
  if (first.done === true) return null;
  if (first.value.length === bodyBytes) return first.value;
  return watchedChunks(prepended(first.value, chunks), exchange);
}

async function* prepended(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  for (;;) {
    const step = await rest.next();
    if (step.done === true) return;
    yield step.value;
  }
}

function sendRequest(
  request: UpstreamRequest,
  body: Uint8Array | AsyncIterable<Uint8Array> | null,
): PoolRequest {
  const { method, target, headers, bodyBytes } = request;
  const framing = body === null ? [] : ["Content-Length", String(bodyBytes)];
  return {
    method,
    target,
    headers: [...withoutFraming(headers), ...framing],
    body,
    mayRepeat: () => body === null && SAFE_METHODS.has(method),
  };
}

async function relay(
  service: Service,
  req: IncomingMessage,
  res: ServerResponse,
  options: RelayOptions,
): Promise<ExchangeReport> {
  const isBodyless = !hasBody(req);
  let body: RelayBody | null = null;
  const endEarly = isBodyless ? null : () => endAnswer(req, res, body);
  const exchange = openExchange(service, res, options, { onClientGone: "abort", endEarly });
  if (isBodyless) options.tapEnd?.(true);
  else body = new RelayBody(req, exchange, tapOf(options));
  try {
    if (!exchange.isSettled) startRelay(service, { req, res, options, body }, exchange);
    return await exchange.done;
  } finally {
    body?.destroy();
  }
}

interface RelayParts {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly options: RelayOptions;
  readonly body: RelayBody | null;
}

function startRelay(service: Service, parts: RelayParts, exchange: Exchange): void {
  const { req, res, options, body } = parts;
  const method = req.method ?? "GET";
  const { target, requestHeaders: headers } = options;
  if (body !== null && expectsContinue(headers)) {
    const isChunked = req.headers["transfer-encoding"] !== undefined;
    sendExpecting(service.origin, { method, target, headers, body, isChunked }, res, exchange);
    return;
  }
  const mayRepeat = (): boolean => (body === null ? SAFE_METHODS.has(method) : body.pulledBytes === 0);
  dispatchOnPool(
    service.pool,
    { method, target, headers: withoutExpect(headers), body, mayRepeat },
    exchange,
  );
}

function tapOf(options: RelayOptions): BodyTap | null {
  const { tap, tapEnd } = options;
  if (tap === undefined && tapEnd === undefined) return null;
  return { chunk: tap ?? (() => {}), end: tapEnd ?? (() => {}) };
}

/** @see RFC 9112 section 6.3: a request has a body where Content-Length or Transfer-Encoding says so. */
function hasBody(req: IncomingMessage): boolean {
  if (req.headers["transfer-encoding"] !== undefined) return true;
  const length = req.headers["content-length"];
  return length !== undefined && length !== "0";
}

/** Ends an answer whose request may still be arriving; see `drain-request.ts`. A client that waits for its 100 sends nothing. */
function endAnswer(req: IncomingMessage, res: ServerResponse, body: RelayBody | null): void {
  const isRestExpected =
    !req.complete && (body === null || body.pulledBytes > 0 || req.headers.expect === undefined);
  // Before the drain starts: giving the body up pauses the request.
  body?.destroy();
  if (!isRestExpected) {
    res.end();
  } else if (res.shouldKeepAlive) {
    res.once("finish", () => void drainRequest(req).then((isWhole) => isWhole || req.socket.destroy()));
    res.end();
  } else {
    // Node closes such a connection as soon as the answer has ended: the end has to wait.
    void drainRequest(req).then(() => res.end());
  }
}

function expectsContinue(headers: RawHeaders): boolean {
  return headers.some(
    (item, at) => at % 2 === 1 && isNamed(headers[at - 1], "expect") && /^100-continue$/i.test(item),
  );
}

function withoutExpect(headers: RawHeaders): RawHeaders {
  return headers.some((item, at) => at % 2 === 0 && isNamed(item, "expect"))
    ? without(headers, ["expect"])
    : headers;
}

function withoutFraming(headers: RawHeaders): RawHeaders {
  return without(headers, ["content-length", "expect"]);
}

function without(headers: RawHeaders, lowerNames: readonly string[]): RawHeaders {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (!lowerNames.some((lowerName) => isNamed(name, lowerName))) kept.push(name, headers[at + 1] ?? "");
  }
  return kept;
}

function isNamed(name: string | undefined, lowerName: string): boolean {
  return name?.length === lowerName.length && name.toLowerCase() === lowerName;
}

function probe(service: Service): Promise<void> {
  const { origin, name } = service;
  const port = Number(origin.port) || (origin.protocol === "https:" ? 443 : 80);
  const socket = connect({ host: bareHost(origin.hostname), port });
  return new Promise((resolve, reject) => {
    const end = (error: Error | null): void => {
      socket.destroy();
      if (error === null) resolve();
      else reject(unreachable(name, error));
    };
    socket.once("connect", () => end(null)).on("error", end);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => end(new Error("no connection in time")));
  });
}
