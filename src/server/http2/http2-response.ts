/**
 * An answer over HTTP/2, for a gate that writes answers of HTTP/1.1.
 *
 * Always: nothing that is said of one connection goes out (RFC 9113 section 8.2.2), nor a reason phrase; an answer that ends while the client is
 * still sending is followed by RST_STREAM(NO_ERROR), so that the client stops and still has its answer (RFC 9113 section 8.1, lesson T46).
 */
import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { constants, Http2ServerResponse, type ServerHttp2Stream } from "node:http2";
import type { Outflow } from "../stall-watch.ts";
import type { Http2Request } from "./http2-request.ts";

const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

type Headers = OutgoingHttpHeaders | readonly string[];

export class Http2Response extends Http2ServerResponse implements Outflow {
  /** A stream is closed alone; its connection goes on. */
  readonly shouldKeepAlive = true;
  readonly #stream: ServerHttp2Stream;
  readonly #request: Http2Request;
  #acceptedBytes = 0;

  constructor(stream: ServerHttp2Stream, request: Http2Request) {
    super(stream);
    this.#stream = stream;
    this.#request = request;
  }

  static {
    // Node's class has none, although its types say so.
    Object.defineProperty(Http2Response.prototype, "destroyed", {
      get(this: Http2Response): boolean {
        return this.#stream.destroyed || this.#stream.closed;
      },
    });
  }

  get waitingBytes(): number {
    return this.#stream.destroyed ? 0 : this.#stream.writableLength;
  }

  get sentBytes(): number {
    return this.#acceptedBytes - this.#stream.writableLength;
  }

  cut(): void {
    this.destroy();
  }

  /** Resets the stream: an answer that breaks off must not look like a whole one, and Node's own `destroy` tells the client nothing. */
  override destroy(): this {
    if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return this;
  }

  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) super.setHeader(name, value);
  }

  override appendHeader(name: string, value: string | readonly string[]): void {
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) super.appendHeader(name, value as string);
  }

  override writeHead(status: number, headers?: OutgoingHttpHeaders): this;
  override writeHead(status: number, message: string, headers?: OutgoingHttpHeaders): this;
  override writeHead(status: number, messageOrHeaders?: string | Headers, given?: Headers): this {
    const headers = typeof messageOrHeaders === "string" ? given : (messageOrHeaders ?? given);
    return super.writeHead(status, withoutConnection(headers ?? {}));
  }

  override write(chunk: string | Uint8Array, ...rest: never[]): boolean {
    this.#acceptedBytes += Buffer.byteLength(chunk);
    return super.write(chunk, ...rest);
  }

  override end(...given: never[]): this {
    super.end(...given);
    if (!this.#request.complete) this.#stream.close(constants.NGHTTP2_NO_ERROR);
    return this;
  }
}

/** As an object, a header that comes several times as a list: Node 24 keeps only the last one of a flat list. */
function withoutConnection(headers: Headers): OutgoingHttpHeaders {
  const kept: Record<string, OutgoingHttpHeader> = {};
  for (const [name, value] of pairsOf(headers)) {
    const lowerName = name.toLowerCase();
    if (OF_THE_CONNECTION.has(lowerName) || value === undefined) continue;
    const before = kept[lowerName];
    kept[lowerName] = before === undefined ? value : [before, value].flat().map(String);
  }
  return kept;
}

function pairsOf(headers: Headers): (readonly [string, OutgoingHttpHeader | undefined])[] {
  if (!isFlat(headers)) return Object.entries(headers);
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]] as const] : []));
}

function isFlat(headers: Headers): headers is readonly string[] {
  return Array.isArray(headers);
}

/** The gate asks a `ServerResponse` for nothing that this has not. */
export function asServerResponse(response: Http2Response): ServerResponse {
  return response as unknown as ServerResponse;
}
