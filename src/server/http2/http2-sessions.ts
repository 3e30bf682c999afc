/**
 * HTTP/2 on connections that agreed on it in the TLS handshake.
 *
 * In: a TLS connection. Out: its requests, in the words of HTTP/1.1. Always: windows wide enough that a fast client at a distance is not held
 * back (lesson T48), and everything a client can make us keep is bounded.
 */
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { GateError } from "../../problems/gate-error.ts";
import type { Settings } from "../../settings/settings.ts";
import type { RequestHandlers } from "../http1-server.ts";
import type { StallWatch } from "../stall-watch.ts";
import { problemAnswer } from "../unreadable-request.ts";
import { asIncomingMessage, Http2Request } from "./http2-request.ts";
import { asServerResponse, Http2Response } from "./http2-response.ts";

/** Bytes that a client may send of one body before it hears that they were read: 50 MB/s at 20 ms, where the default is 3. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/** The same for all streams of a connection together. */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
const STREAMS_MAX = 100;
const RETRY_AFTER_SECONDS = 5;
/** Names, values and 32 bytes for each (RFC 9113 section 6.5.2). */
const HEADER_PAIRS_MAX = 256;

/**
 * What a client can flood us with, and what bounds it.
 * - streams opened and reset at once (rapid reset, CVE-2023-44487): `streamResetBurst` and `streamResetRate`; the session ends beyond them
 * - streams beyond `maxConcurrentStreams`: refused, and after `maxSessionRejectedStreams` of them the session ends
 * - frames that break the protocol: `maxSessionInvalidFrames`
 * - settings in one frame, and settings or pings that we would have to answer while the client reads nothing: `maxSettings`,
 *   `maxOutstandingPings`, and nghttp2's own bound of 1000 answers that wait to be sent
 * - header blocks without end (CONTINUATION, CVE-2024-28182): nghttp2 ends the session after 8 such frames; the headers of one request are
 *   bounded by `maxHeaderListSize` and `maxHeaderListPairs`
 * - memory of a session beside its bodies: `maxSessionMemory` (MiB); bodies that wait to be read: a stream window each, and no more of them at
 *   once than `limits.connections`, which is as many as over HTTP/1.1
 */
function sessionOptions(limits: Settings["limits"]): ServerOptions {
  return {
    settings: {
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: limits.requestHeaderBytesMax,
      enablePush: false,
      enableConnectProtocol: false,
    },
    maxHeaderListPairs: HEADER_PAIRS_MAX,
    maxSessionMemory: 32,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxSettings: 32,
    maxOutstandingPings: 10,
    streamResetBurst: 1000,
    streamResetRate: 33,
  };
}

/** How many bodies are on their way over HTTP/2, on all connections together. */
export class Http2Bodies {
  readonly #max: number;
  #open = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a stream's body until the stream is closed; `false` where there are too many. */
  admit(stream: ServerHttp2Stream): boolean {
    if (stream.endAfterHeaders || stream.destroyed) return true;
    if (this.#open >= this.#max) return false;
    this.#open += 1;
    stream.once("close", () => {
      this.#open -= 1;
    });
    return true;
  }
}

/** Speaks HTTP/2 on a connection. The result is the session, to be closed politely. */
export function openHttp2(
  socket: TLSSocket,
  limits: Settings["limits"],
  handlers: Pick<RequestHandlers, "serve">,
  { stalls, bodies }: { readonly stalls: StallWatch; readonly bodies: Http2Bodies },
): ServerHttp2Session {
  const session = openSession(socket, sessionOptions(limits));
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  session.on("stream", (stream, headers, _flags, rawHeaders: readonly string[]) => {
    if (!bodies.admit(stream)) {
      const expected = `at most ${limits.connections} bodies at once`;
      refuse(stream, new GateError("GATE_BUSY", { expected, retryAfterSeconds: RETRY_AFTER_SECONDS }));
      return;
    }
    const request = new Http2Request(stream, headers, rawHeaders);
    const response = new Http2Response(stream, request);
    const forget = stalls.add(response);
    stream.once("close", forget);
    const expectsContinue = /^100-continue$/i.test(request.headers.expect ?? "");
    handlers.serve(asIncomingMessage(request), asServerResponse(response), expectsContinue);
  });
  return session;
}

/** Answers whatever a connection asks with one problem, and closes it. */
export function answerOverHttp2(socket: TLSSocket, error: GateError): void {
  const session = openSession(socket, { settings: { maxConcurrentStreams: 1, enablePush: false } });
  session.on("stream", (stream) => {
    refuse(stream, error);
    session.close();
  });
}

function refuse(stream: ServerHttp2Stream, error: GateError): void {
  const { status, headers, body } = problemAnswer(error);
  stream.on("error", () => {});
  if (stream.destroyed) return;
  stream.respond({ ":status": status, ...headers });
  stream.end(body);
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function openSession(socket: TLSSocket, options: ServerOptions): ServerHttp2Session {
  const session = performServerHandshake(socket, options);
  // A session that fails ends its streams, and those tell their requests.
  session.on("error", () => {});
  socket.on("error", () => {});
  session.on("frameError", () => {});
  return session;
}
