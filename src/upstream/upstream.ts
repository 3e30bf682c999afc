/**
 * Talking to the service behind the gate: the interface. Implemented by `connect-upstream.ts` on pools of connections.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Raw header list: name, value, name, value …, order and spelling kept. */
export type RawHeaders = readonly string[];

/** A request written anew by a delivery. `body` is pulled only as fast as the service takes it. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query as they go on the wire. */
  readonly target: string;
  readonly headers: RawHeaders;
  /** `null` for none. Total length must be `bodyBytes`. */
  readonly body: AsyncIterable<Uint8Array> | null;
  readonly bodyBytes: number;
}

/** How an exchange went; times in milliseconds. */
export interface ExchangeReport {
  readonly status: number;
  /** From the last request byte to the first answer byte. */
  readonly waitMs: number;
  readonly answerBytes: number;
  readonly serverTiming: string | null;
  readonly cacheStatus: string | null;
}

/** What the gate does to the headers of an answer: `withheld` (lower-case names) go out, then `added` replace those of the same name. */
export interface AnswerHeaders {
  readonly added: RawHeaders;
  readonly withheld: readonly string[];
}

/** An answer's end-to-end headers and its body, `null` where it is longer than was to be gathered. */
export interface GatheredBody {
  readonly headers: RawHeaders;
  readonly body: Buffer | null;
}

/** A whole answer of the service, taken by the gate itself. */
export interface UpstreamAnswer extends GatheredBody {
  readonly status: number;
}

/**
 * What happens on the way of an answer from the service to the client.
 * - `beforeHead` runs when the service's status is known and before anything goes to the client; the answer waits for it. This is where
 *   an upload is recorded as delivered. If it throws, the client gets that error instead of the answer.
 * - `headers` sees the service's own end-to-end headers and says what becomes of them.
 */
export interface AnswerOptions {
  readonly beforeHead?: (status: number, gathered: GatheredBody | null) => Promise<void>;
  /**
   * Waits for the answer's body up to so many bytes before `beforeHead` runs and hands it over. A body that is longer, that stalls for longer
   * than the upstream's timeout or that is an event stream is handed over as `null` as soon as that is known, and goes on to the client all the
   * same. One that breaks off, or that is ended by `signal`, is handed over as `null` too, and then the exchange fails: nothing has gone to the
   * client yet. A client that goes away changes nothing of this in `send`. Without it `beforeHead` gets `null`.
   */
  readonly gatherBytesMax?: number;
  readonly headers?: (answer: RawHeaders) => AnswerHeaders;
  readonly signal?: AbortSignal;
}

/** Passing a client's request on as it is. */
export interface RelayOptions extends AnswerOptions {
  /** Sees each chunk of the request body as it goes by; must not throw, must not keep it waiting. */
  readonly tap?: (chunk: Uint8Array) => void;
  readonly tapEnd?: (complete: boolean) => void;
  /** Headers of the request as they go to the service; default: those of `req`, cleaned. */
  readonly requestHeaders: RawHeaders;
  readonly target: string;
}

/** One named service behind the gate. */
export interface Upstream {
  readonly name: string;
  /**
   * Sends a request written anew and streams the answer to the client.
   * @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_ANSWER_INVALID while nothing has gone to the client yet; once the answer's
   * head is out, a broken answer closes the client's connection and resolves with the report.
   * A client that goes away does not end it: the service may have the upload already, and only its status tells. `beforeHead` still hears that
   * status; the answer's body is dropped. `options.signal` does end it: with its reason where that is a GateError, else GATE_STOPPING.
   */
  send(request: UpstreamRequest, res: ServerResponse, options: AnswerOptions): Promise<ExchangeReport>;
  /**
   * Streams a client's own request up and the answer down, with backpressure both ways and memory that does not grow. Same errors, and
   * REQUEST_ABORTED where the client goes away first, which ends the exchange. `Expect: 100-continue` in `requestHeaders` is asked of the service,
   * and its 100 passed on: leave it out where the client has had its 100. An answer before the end of the request is passed on at once; the rest of
   * the request is then read and dropped within limits.
   */
  relay(req: IncomingMessage, res: ServerResponse, options: RelayOptions): Promise<ExchangeReport>;
  /**
   * Passes an Upgrade to WebSocket on and joins the two sockets; resolves when both are closed. An answer other than 101 goes to the client, and
   * ends its connection. @throws as `relay`, and REQUEST_MALFORMED for any other upgrade, while the socket is still the caller's to answer on.
   */
  upgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    options: { target: string; requestHeaders: RawHeaders },
  ): Promise<void>;
  /**
   * Sends a request of the gate's own, without a client who waits for the answer: another try of a delivery, a question to the service. The answer's
   * body is gathered up to `bodyBytesMax`. Once the status is there it is the outcome: a body that is longer, breaks off, stalls for longer than
   * the upstream's timeout or is an event stream is `null` and dropped, and so is one that `signal` cuts short.
   * @throws UPSTREAM_UNREACHABLE (the service surely has nothing), UPSTREAM_TIMEOUT, UPSTREAM_ANSWER_INVALID; or the reason of `signal`
   */
  request(
    request: UpstreamRequest,
    options: { readonly bodyBytesMax: number; readonly signal?: AbortSignal },
  ): Promise<UpstreamAnswer>;
  /** Resolves when a TCP connection can be made; for readiness. @throws UPSTREAM_UNREACHABLE */
  probe(): Promise<void>;
  /** Breaks off what still runs. */
  close(): Promise<void>;
}
