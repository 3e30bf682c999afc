/**
 * A request of HTTP/2 in the words of HTTP/1.1, which the gate and the services behind it speak.
 *
 * In: a stream of an HTTP/2 session with its header block. Out: what the gate reads of an `IncomingMessage`: method, url, headers, raw headers,
 * and the body as a stream. Always: no pseudo-header is left, `:authority` has become Host; a body without a length is said to be chunked, so
 * that whoever asks "is there a body?" gets one answer for both protocols; and a stream that was reset never ends as a whole body, whatever
 * the code of the reset. nghttp2 has checked before: names in lower case, no connection-specific headers, a body as long as its
 * Content-Length (RFC 9113 section 8).
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { constants, type IncomingHttpHeaders as Http2Headers, type ServerHttp2Stream } from "node:http2";
import { Readable } from "node:stream";

const BODY_BUFFER_BYTES = 64 * 1024;

export class Http2Request extends Readable {
  /** Tells it from a request that only says so in its request line. */
  readonly isHttp2 = true;
  readonly httpVersion = "2.0";
  readonly httpVersionMajor = 2;
  readonly httpVersionMinor = 0;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly socket: StreamSocket;
  readonly #stream: ServerHttp2Stream;
  #isAttached = false;
  /** Whether the whole body has come, as in `IncomingMessage`. */
  complete: boolean;

  constructor(stream: ServerHttp2Stream, headers: Http2Headers, rawHeaders: readonly string[]) {
    super({ highWaterMark: BODY_BUFFER_BYTES });
    this.#stream = stream;
    this.method = String(headers[":method"] ?? "");
    this.url = String(headers[":path"] ?? "");
    this.complete = stream.endAfterHeaders;
    this.rawHeaders = asHttp1(rawHeaders, !stream.endAfterHeaders && headers["content-length"] === undefined);
    this.headers = joinHeaders(this.rawHeaders);
    this.socket = streamSocket(stream);
    stream
      .once("aborted", this.#onLost)
      .once("close", this.#onLost)
      .on("error", () => {});
    // From the start: a body of no bytes ends although nobody reads it.
    stream.once("end", this.#onEnd);
    if (stream.destroyed) this.#onLost();
  }

  override _read(): void {
    if (this.#isAttached) {
      this.#stream.resume();
      return;
    }
    this.#isAttached = true;
    this.#stream.on("data", this.#onData);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stream.off("data", this.#onData).off("end", this.#onEnd);
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#stream.pause();
  };

  readonly #onEnd = (): void => {
    // Node ends a stream that the client reset with NO_ERROR as if its body were whole.
    if (this.#stream.aborted) {
      this.#onLost();
      return;
    }
    this.complete = true;
    this.push(null);
  };

  readonly #onLost = (): void => {
    if (!this.readableEnded && !(this.complete && this.#isAttached)) this.destroy();
  };
}

/** The gate asks an `IncomingMessage` for nothing that this has not. */
export function asIncomingMessage(request: Http2Request): IncomingMessage {
  return request as unknown as IncomingMessage;
}

/** What the gate asks of a request's socket: who it is, and that it be cut off. Cutting off one stream leaves the others alone. */
export interface StreamSocket {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly destroyed: boolean;
  destroy(): void;
  once(event: "close", listener: () => void): void;
  off(event: "close", listener: () => void): void;
}

function streamSocket(stream: ServerHttp2Stream): StreamSocket {
  const remoteAddress = stream.session?.socket.remoteAddress;
  return {
    encrypted: true,
    remoteAddress,
    get destroyed() {
      return stream.destroyed;
    },
    destroy: () => void (stream.closed || stream.close(constants.NGHTTP2_CANCEL)),
    once: (event, listener) => void stream.once(event, listener),
    off: (event, listener) => void stream.off(event, listener),
  };
}

/** @see RFC 9113 sections 8.2.3 (cookies) and 8.3.1 (`:authority`) */
function asHttp1(raw: readonly string[], hasUnknownLength: boolean): string[] {
  const kept: string[] = [];
  const cookies: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const value = raw[at + 1] ?? "";
    if (name === ":authority") kept.unshift("host", value);
    else if (name === "cookie") cookies.push(value);
    else if (!name.startsWith(":") && !isSameHost(raw, name, value)) kept.push(name, value);
  }
  if (cookies.length > 0) kept.push("cookie", cookies.join("; "));
  if (hasUnknownLength) kept.push("transfer-encoding", "chunked");
  return kept;
}

/** A Host beside an equal `:authority` says nothing new; a different one stays, and two are refused as in HTTP/1.1. */
function isSameHost(raw: readonly string[], name: string, value: string): boolean {
  return (
    name === "host" && raw.some((item, at) => at % 2 === 0 && item === ":authority" && raw[at + 1] === value)
  );
}

function joinHeaders(raw: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const value = raw[at + 1] ?? "";
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}
