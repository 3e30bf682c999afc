/**
 * One exchange with the service: its deadlines, and the way of its answer to the client.
 *
 * In: what the transport reports (undici or `node:http`, see `ExchangeLink`). Out: the answer on `res`, and one promise.
 * Always: the promise settles exactly once; a slow client pauses the service and the other way round; whichever side goes away, the other
 * is let go; before the answer's head is out every failure is a rejection, after it the client's connection is closed, because a broken
 * answer must not look like a whole one.
 * Not here: the request, which `connect-upstream.ts` writes; trailers, which go nowhere.
 */
import { GateError } from "../problems/gate-error.ts";
import { AnswerGatherer, canGather, isEventStream } from "./answer-gatherer.ts";
import { headerValue, safeMessage, withChanges } from "./answer-head.ts";
import type { AnswerSink } from "./answer-sink.ts";
import { endToEndResponseHeaders } from "./headers.ts";
import type { BodyWatch } from "./request-body.ts";
import type { AnswerOptions, ExchangeReport, GatheredBody, RawHeaders } from "./upstream.ts";
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
  readonly res: AnswerSink;
  readonly options: AnswerOptions;
  /** `abort`: a client that goes away ends the exchange. `finish`: the service's status is still waited for, and its body dropped. */
  readonly onClientGone: "abort" | "finish";
  /** Called in place of `res.end()` where the client is still sending; must end `res` some time. */
  readonly endEarly: (() => void) | null;
}

/** How long a connection may take to be made; a wait for a free one may take as long as an answer may. */
export const CONNECT_TIMEOUT_MS = 5_000;

const WHOLE_BODY_BYTES_MAX = 16 * 1024;

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
  /** While the answer's body is held back for `beforeHead`. */
  #gatherer: AnswerGatherer | null = null;
  /** What ended the answer while it was being gathered: told when its status is recorded. */
  #brokenBy: GateError | null = null;

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
    this.#isTimed = !isEventStream(headers);
    const { beforeHead, gatherBytesMax } = this.#init.options;
    if (beforeHead === undefined) {
      this.#sendHead();
    } else if (gatherBytesMax === undefined) {
      this.#holdBack(beforeHead, null);
    } else {
      this.#gatherer = new AnswerGatherer(gatherBytesMax);
      if (canGather(this.#answerHeaders, gatherBytesMax)) this.#arm();
      else this.#endGathering(false);
    }
  }

  answerData(chunk: Buffer): void {
    if (this.#isSettled) return;
    if (this.#isHeadOut) this.#write(chunk);
    else if (this.#gatherer === null) this.#waiting.push(chunk);
    else this.#gather(this.#gatherer, chunk);
  }

  answerEnd(): void {
    this.#isEnded = true;
    if (this.#isSettled) return;
    if (this.#isHeadOut) this.#finish();
    else this.#endGathering(true);
  }

  /** The transport failed, or gave the exchange up because it was told to. */
  failed(error: unknown): void {
    if (this.#isSettled || this.#brokenBy !== null) return;
    if (this.#isHeadOut) this.#breakOff();
    else this.#failWith(upstreamError(error, this.#init.upstreamName, this.hasAnswer));
  }

  #gather(gatherer: AnswerGatherer, chunk: Buffer): void {
    gatherer.add(chunk);
    if (gatherer.isFull) this.#endGathering(false);
    else this.#arm();
  }

  /**
   * Goes on to `beforeHead` with what was gathered.
   * @returns whether the answer was still being gathered.
   */
  #endGathering(isWhole: boolean): boolean {
    const { beforeHead } = this.#init.options;
    if (this.#gatherer === null || beforeHead === undefined) return false;
    const body = this.#gatherer.take();
    this.#gatherer = null;
    if (body.length > 0) this.#waiting.push(body);
    this.#holdBack(beforeHead, { headers: this.#answerHeaders, body: isWhole ? body : null });
    return true;
  }

  /** The answer waits until its status is recorded. */
  #holdBack(
    beforeHead: (status: number, gathered: GatheredBody | null) => Promise<void>,
    gathered: GatheredBody | null,
  ): void {
    this.#disarm();
    if (!this.#isEnded) this.#link?.pause();
    beforeHead(this.#status, gathered).then(
      () => {
        if (this.#isSettled) return;
        if (this.#brokenBy !== null) {
          this.#settle(this.#brokenBy);
        } else {
          this.#sendHead();
          this.#link?.resume();
        }
      },
      (error: unknown) => this.#stop(error instanceof GateError ? error : asGateError(error)),
    );
  }

  /** Before the head is out. A status that has come counts all the same: it is recorded before the failure is told. */
  #failWith(error: GateError): void {
    const isGathering = this.#gatherer !== null;
    if (isGathering) this.#brokenBy = error;
    if (!this.#endGathering(false)) this.#settle(error);
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
    const isDue = this.#deadlineAtMs - performance.now() < 1;
    // An answer that comes slowly is not gathered any longer: it goes on to the client as it comes, with another deadline.
    if (isDue && !this.#endGathering(false)) this.#stop(timeoutError(this.#init.upstreamName));
    if (this.#isSettled) return;
    const leftMs = this.#deadlineAtMs - performance.now();
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
    this.#failWith(error);
    this.#link?.abort(error);
  }

  /** The head is out, or nobody is left to get it: the rest is given up, and the client's connection with it. */
  #breakOff(): void {
    const gone = clientGone();
    this.#stopError = gone;
    this.#settle(null);
    this.#init.res.destroy();
    // A connection whose answer is complete goes back to the pool.
    if (!this.#isEnded) this.#link?.abort(gone);
  }

  #settle(error: GateError | null): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#gatherer = null;
    this.#init.res.off("close", this.#onClientClose);
    this.#init.res.off("drain", this.#onDrain);
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
