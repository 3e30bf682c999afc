/**
 * One exchange with the service: its deadlines, and the way of its answer to the client.
 *
 * In: what the transport reports (undici or `node:http`, see `ExchangeLink`). Out: the answer on `res`, and one promise.
 * Always: the promise settles exactly once; a slow client pauses the service and the other way round; whichever side goes away, the other
 * is let go; before the answer's head is out every failure is a rejection, after it the client's connection is closed, because a broken
 * answer must not look like a whole one.
 * Not here: the request, which `connect-upstream.ts` writes; trailers, which go nowhere.
 */
import type { ServerResponse } from "node:http";
import { GateError } from "../problems/gate-error.ts";
import { endToEndResponseHeaders } from "./headers.ts";
import type { BodyWatch } from "./request-body.ts";
import type { AnswerHeaders, AnswerOptions, ExchangeReport, RawHeaders } from "./upstream.ts";
import { clientGone, timeoutError, upstreamError } from "./upstream-error.ts";

/** What an exchange needs of the connection that carries it. */
export interface ExchangeLink {
  pause(): void;
  resume(): void;
  abort(error: Error): void;
}

export interface ExchangeInit {
  readonly upstreamName: string;
  readonly timeoutMs: number;
  readonly res: ServerResponse;
  readonly options: AnswerOptions;
  /** `abort`: a client that goes away ends the exchange. `finish`: the service's status is still waited for, and its body dropped. */
  readonly onClientGone: "abort" | "finish";
  /** Called in place of `res.end()` where the client is still sending; must end `res` some time. */
  readonly endEarly: (() => void) | null;
}

/** How long a connection may take to be made; a wait for a free one may take as long as an answer may. */
export const CONNECT_TIMEOUT_MS = 5_000;

const WHOLE_BODY_BYTES_MAX = 16 * 1024;

const PLAIN_TEXT = /^[\t\x20-\x7e]*$/;
const EVENT_STREAM = /^text\/event-stream\b/i;

export class Exchange implements BodyWatch {
  readonly done: Promise<ExchangeReport>;
  readonly #init: ExchangeInit;
  readonly #resolve: (report: ExchangeReport) => void;
  readonly #reject: (error: unknown) => void;
  #link: ExchangeLink | null = null;
  #timer: NodeJS.Timeout;
  /** On the clock of `performance.now`; `Infinity` while nobody is waited for. */
  #deadlineAtMs = 0;
  #isSettled = false;
  #stopError: GateError | null = null;
  #isClientGone = false;
  #sentAtMs = 0;
  #firstByteAtMs = 0;
  #status = 0;
  #message = "";
  #answerHeaders: RawHeaders = [];
  #answerBytes = 0;
  /** As the service says it; -1 where it does not. */
  #contentLength = -1;
  #isHeadOut = false;
  #isTimed = true;
  #isEnded = false;
  /** Bytes that came while `beforeHead` was still at work: undici delivers what is in hand even when paused. */
  #waiting: Buffer[] = [];

  constructor(init: ExchangeInit) {
    this.#init = init;
    const { promise, resolve, reject } = Promise.withResolvers<ExchangeReport>();
    this.done = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    init.res.on("close", this.#onClientClose);
    init.options.signal?.addEventListener("abort", this.#onSignal);
    this.#deadlineAtMs = performance.now() + init.timeoutMs + CONNECT_TIMEOUT_MS;
    this.#timer = setTimeout(this.#onTimer, init.timeoutMs);
    if (init.options.signal?.aborted) this.#onSignal();
    else if (init.res.destroyed) this.#onClientClose();
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether at least one byte of the answer has come. */
  get hasAnswer(): boolean {
    return this.#firstByteAtMs > 0;
  }

  /** The connection is there and the request goes out. */
  opened(link: ExchangeLink): void {
    this.#link = link;
    if (this.#stopError !== null) link.abort(this.#stopError);
    else this.#disarm();
  }

  /** The service asks for more of the body: waiting is not its fault. */
  taken(): void {
    if (this.#link !== null && !this.hasAnswer) this.#disarm();
  }

  /** Bytes wait for the service. */
  held(): void {
    if (!this.hasAnswer) this.#arm();
  }

  requestSent(): void {
    this.#sentAtMs = performance.now();
    if (!this.hasAnswer) this.#arm();
  }

  answerStarted(): void {
    if (this.#firstByteAtMs === 0) this.#firstByteAtMs = performance.now();
  }

  /** An interim answer: not the one that counts. @see RFC 9110 section 15.2 */
  interimAnswer(): void {
    this.#firstByteAtMs = 0;
    this.#arm();
  }

  answerHead(status: number, message: string, headers: RawHeaders): void {
    if (this.#isSettled) return;
    this.answerStarted();
    this.#status = status;
    this.#message = message;
    this.#answerHeaders = endToEndResponseHeaders(headers);
    this.#contentLength = Number(headerValue(headers, "content-length") ?? -1);
    this.#isTimed = !EVENT_STREAM.test(headerValue(headers, "content-type") ?? "");
    const { beforeHead } = this.#init.options;
    if (beforeHead === undefined) {
      this.#sendHead();
      return;
    }
    this.#disarm();
    this.#link?.pause();
    this.#runBeforeHead(beforeHead);
  }

  answerData(chunk: Buffer): void {
    if (this.#isSettled) return;
    if (this.#isHeadOut) this.#write(chunk);
    else this.#waiting.push(chunk);
  }

  answerEnd(): void {
    this.#isEnded = true;
    if (!this.#isSettled && this.#isHeadOut) this.#finish();
  }

  /** The transport failed, or gave the exchange up because it was told to. */
  failed(error: unknown): void {
    if (this.#isSettled) return;
    if (this.#isHeadOut) this.#breakOff();
    else this.#settle(upstreamError(error, this.#init.upstreamName, this.hasAnswer));
  }

  #runBeforeHead(beforeHead: (status: number) => Promise<void>): void {
    beforeHead(this.#status).then(
      () => {
        if (this.#isSettled) return;
        this.#sendHead();
        this.#link?.resume();
      },
      (error: unknown) => this.#stop(error instanceof GateError ? error : asGateError(error)),
    );
  }

  #sendHead(): void {
    if (this.#isClientGone) {
      this.#breakOff();
      return;
    }
    const { res, options } = this.#init;
    const headers = withChanges(this.#answerHeaders, options.headers?.(this.#answerHeaders));
    try {
      // The types ask for a mutable array; the function only reads it.
      res.writeHead(this.#status, safeMessage(this.#message), headers as string[]);
    } catch (error) {
      this.#stop(upstreamError(error, this.#init.upstreamName, true));
      return;
    }
    this.#isHeadOut = true;
    this.#arm();
    for (const chunk of this.#waiting) this.#write(chunk);
    this.#waiting = [];
    if (this.#isEnded) this.#finish();
    else queueMicrotask(this.#flushHead);
  }

  /** A head whose body is not there yet goes out by itself; one whose body came in the same packet goes out with it. */
  readonly #flushHead = (): void => {
    if (!this.#isSettled && this.#answerBytes === 0) this.#init.res.flushHeaders();
  };

  #write(chunk: Buffer): void {
    const { res } = this.#init;
    this.#answerBytes += chunk.length;
    if (res.destroyed) return;
    if (this.#isWholeBody(chunk)) {
      // As text it goes out in one write with the head; as bytes in two.
      res.end(chunk.toString("latin1"), "latin1");
      return;
    }
    if (res.write(chunk)) {
      this.#arm();
      return;
    }
    this.#disarm();
    this.#link?.pause();
    res.once("drain", this.#onDrain);
  }

  /** Whether a small answer has come in one piece. */
  #isWholeBody(chunk: Buffer): boolean {
    return (
      chunk.length <= WHOLE_BODY_BYTES_MAX &&
      chunk.length === this.#answerBytes &&
      chunk.length === this.#contentLength &&
      this.#init.endEarly === null
    );
  }

  readonly #onDrain = (): void => {
    if (this.#isSettled) return;
    this.#arm();
    this.#link?.resume();
  };

  #finish(): void {
    const { res, endEarly } = this.#init;
    if (endEarly !== null) endEarly();
    else if (!res.writableEnded) res.end();
    this.#settle(null);
  }

  readonly #onClientClose = (): void => {
    if (this.#isSettled) return;
    this.#isClientGone = true;
    if (this.#isHeadOut) this.#breakOff();
    else if (this.#init.onClientGone === "abort") this.#stop(clientGone());
  };

  readonly #onSignal = (): void => {
    const reason: unknown = this.#init.options.signal?.reason;
    this.#stop(reason instanceof GateError ? reason : new GateError("GATE_STOPPING", { cause: reason }));
  };

  /**
   * One timer for the whole exchange: it never fires after the deadline, because a deadline is set at least `timeoutMs` ahead, and where it fires
   * before, it is set again.
   */
  readonly #onTimer = (): void => {
    const leftMs = this.#deadlineAtMs - performance.now();
    if (leftMs < 1) this.#stop(timeoutError(this.#init.upstreamName));
    else if (!this.#isSettled)
      this.#timer = setTimeout(this.#onTimer, Math.min(leftMs, this.#init.timeoutMs));
  };

  /** Ends the exchange from our side. */
  #stop(error: GateError): void {
    if (this.#isSettled) return;
    if (this.#isHeadOut) {
      this.#breakOff();
      return;
    }
    this.#stopError = error;
    this.#settle(error);
    this.#link?.abort(error);
  }

  /** The head is out, or nobody is left to get it: the rest is given up, and the client's connection with it. */
  #breakOff(): void {
    const gone = clientGone();
    this.#stopError = gone;
    this.#settle(null);
    this.#init.res.destroy();
    this.#link?.abort(gone);
  }

  #settle(error: GateError | null): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#init.res.off("close", this.#onClientClose).off("drain", this.#onDrain);
    this.#init.options.signal?.removeEventListener("abort", this.#onSignal);
    if (error === null) this.#resolve(this.#report());
    else this.#reject(error);
  }

  #report(): ExchangeReport {
    const waitMs = this.#sentAtMs === 0 ? 0 : Math.max(0, this.#firstByteAtMs - this.#sentAtMs);
    return {
      status: this.#status,
      waitMs,
      answerBytes: this.#answerBytes,
      serverTiming: headerValue(this.#answerHeaders, "server-timing"),
      cacheStatus: headerValue(this.#answerHeaders, "cache-status"),
    };
  }

  #arm(): void {
    this.#deadlineAtMs = this.#isTimed ? performance.now() + this.#init.timeoutMs : Number.POSITIVE_INFINITY;
  }

  #disarm(): void {
    this.#deadlineAtMs = Number.POSITIVE_INFINITY;
  }
}

function asGateError(error: unknown): GateError {
  return new GateError("GATE_FAILED", { cause: error });
}

/** A reason phrase that can go on the wire again; Node's own where it cannot. @see RFC 9112 section 4 */
function safeMessage(message: string): string {
  return PLAIN_TEXT.test(message) ? message : "";
}

/** All values of a header, joined as RFC 9110 section 5.3 allows; `null` where there is none. */
function headerValue(headers: RawHeaders, lowerName: string): string | null {
  let found: string | null = null;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (name.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
    const value = headers[at + 1] ?? "";
    found = found === null ? value : `${found}, ${value}`;
  }
  return found;
}

/** The service's headers without those withheld, and with ours in place of any of the same name. */
function withChanges(headers: RawHeaders, changes: AnswerHeaders | undefined): RawHeaders {
  if (changes === undefined) return headers;
  const { added, withheld } = changes;
  const names = new Set<string>(withheld);
  for (let at = 0; at < added.length; at += 2) names.add((added[at] ?? "").toLowerCase());
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, headers[at + 1] ?? "");
  }
  return kept.concat(added);
}
