/**
 * Sends one probe over a connection of its own, TCP or TLS, and says what came back.
 *
 * Always holds: it reads while it writes, so that an early answer is seen and stops the writing; nothing is repaired, added or retried;
 * it ends by itself at the deadline.
 */
import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { type Answer, AnswerReader, headerOf } from "./answer-reader.ts";
import type { Probe, ProbeStep } from "./check.ts";
import { type OpenConnection, openConnection, type TlsTrust } from "./open-connection.ts";

/** What one probe met. Times in milliseconds from the first byte sent. */
export interface Exchange {
  /** Final answers in order; more than one where the peer read more than one request. */
  readonly answers: readonly Answer[];
  readonly interimStatuses: readonly number[];
  /** Why the bytes that came back are no HTTP, or `null`. */
  readonly malformed: string | null;
  /** Bytes that the system took from us, head included; `takenAtAnswerBytes` of them before the answer. */
  readonly takenBytes: number;
  readonly takenAtAnswerBytes: number | null;
  readonly answeredAfterMs: number | null;
  /** `left`: we closed, because the answer was whole and the peer kept the connection. */
  readonly end: "closed" | "reset" | "left" | "deadline";
  readonly elapsedMs: number;
}

export interface SendLimits {
  readonly deadlineMs: number;
  /** How long to wait after a whole answer for the peer to close, or to answer again. 0: do not wait. */
  readonly lingerMs: number;
  /** A pause after each piece of a body, so that an answer is read before a reset behind it ends the writing. Default: none. */
  readonly pieceMs?: number;
  /** How long a connection may take to be made. Default: `deadlineMs`. */
  readonly connectMs?: number;
  /** What `https://` trusts beside the system's own authorities. */
  readonly tls?: TlsTrust;
  /** Ends the exchange early: what came so far is the result. */
  readonly signal?: AbortSignal;
}

const PIECE_BYTES = 64 * 1024;
const TURN_BYTES = 16 * 1024;

/** @throws where no connection can be made, with the system's or TLS's code; everything after that is part of the result. */
export async function sendProbe(origin: string, probe: Probe, limits: SendLimits): Promise<Exchange> {
  const connection = await openConnection(new URL(origin), {
    withinMs: limits.connectMs ?? limits.deadlineMs,
    ...(limits.tls === undefined ? {} : { trust: limits.tls }),
    ...(limits.signal === undefined ? {} : { signal: limits.signal }),
  });
  const wire = new Wire(connection, probe.isHead === true, limits.pieceMs ?? 0);
  const deadline = setTimeout(() => wire.finish("deadline"), limits.deadlineMs);
  const abort = (): void => wire.finish("left");
  limits.signal?.addEventListener("abort", abort);
  try {
    for (const step of probe.steps()) {
      if (wire.end !== null || (wire.reader.hasAnswered && !isRegardless(step))) break;
      await wire.take(step);
    }
    await wire.settled(limits.lingerMs);
    return wire.result();
  } finally {
    clearTimeout(deadline);
    limits.signal?.removeEventListener("abort", abort);
    wire.finish("left");
  }
}

function isRegardless(step: ProbeStep): step is { readonly regardless: Uint8Array } {
  return typeof step === "object" && "regardless" in step;
}

/** One connection: what was written, what was read, and who is waiting for which. */
class Wire {
  readonly reader: AnswerReader;
  end: Exchange["end"] | null = null;
  readonly #socket: Socket;
  readonly #reset: () => void;
  readonly #pieceMs: number;
  readonly #startedAt = performance.now();
  #waiting: (() => void)[] = [];
  #takenBytes = 0;
  #takenAtAnswerBytes: number | null = null;
  #answeredAfterMs: number | null = null;

  constructor({ socket, reset }: OpenConnection, isHead: boolean, pieceMs: number) {
    this.#socket = socket;
    this.#pieceMs = pieceMs;
    this.#reset = reset;
    this.reader = new AnswerReader(isHead);
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("end", () => this.finish("closed"));
    socket.on("close", () => this.finish("closed"));
    socket.on("error", () => this.finish("reset"));
  }

  #read(bytes: Uint8Array): void {
    this.reader.push(bytes);
    if (this.reader.hasAnswered && this.#answeredAfterMs === null) {
      this.#answeredAfterMs = performance.now() - this.#startedAt;
      this.#takenAtAnswerBytes = this.#takenBytes;
    }
    this.#wake();
  }

  #wake(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const resolve of woken) resolve();
  }

  /** Resolves at the next thing that happens on the connection. */
  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async take(step: ProbeStep): Promise<void> {
    if (step instanceof Uint8Array) await this.#write(step);
    else if (step === "end") this.#socket.end();
    else if (step === "reset") this.#breakOff();
    else if (step === "await-answer") await this.#answered(Number.POSITIVE_INFINITY);
    else if ("regardless" in step) await this.#write(step.regardless, true);
    else if ("until" in step) await this.#fulfilled(step.until());
    else await this.#answered(step.pauseMs);
  }

  async #fulfilled(promise: Promise<unknown>): Promise<void> {
    let isFulfilled = false;
    const settled = promise.then(() => {
      isFulfilled = true;
      this.#wake();
    });
    await Promise.race([
      settled,
      this.#until(
        () => isFulfilled || this.reader.hasAnswered || this.end !== null,
        Number.POSITIVE_INFINITY,
      ),
    ]);
  }

  #breakOff(): void {
    this.#reset();
    this.finish("left");
  }

  async #write(bytes: Uint8Array, isRegardless = false): Promise<void> {
    const isOver = () => this.end !== null || (this.reader.hasAnswered && !isRegardless);
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      if (isOver()) return;
      const piece = bytes.subarray(start, start + PIECE_BYTES);
      let isTaken = false;
      this.#socket.write(piece, (error) => {
        isTaken = true;
        if (!error) this.#takenBytes += piece.length;
        this.#wake();
      });
      while (!isTaken && !isOver()) await this.#next();
      // Without a turn for reading, an early answer is seen only once all buffers are full, or is lost to the reset behind it.
      if (piece.length >= TURN_BYTES) await this.#turn(isOver);
    }
  }

  #turn(isOver: () => boolean): Promise<void> {
    return this.#pieceMs === 0 ? setImmediate() : this.#until(isOver, this.#pieceMs);
  }

  async #answered(withinMs: number): Promise<void> {
    const hasCome = () =>
      this.reader.hasAnswered || this.reader.interimStatuses.length > 0 || this.end !== null;
    await this.#until(hasCome, withinMs);
  }

  async #until(isDone: () => boolean, withinMs: number): Promise<void> {
    let isLate = false;
    const late = () => {
      isLate = true;
      this.#wake();
    };
    const timer = Number.isFinite(withinMs) ? setTimeout(late, withinMs) : undefined;
    while (!isDone() && !isLate) await this.#next();
    clearTimeout(timer);
  }

  /** The first answer whole; then, for `lingerMs`, the close or further answers. */
  async settled(lingerMs: number): Promise<void> {
    await this.#until(() => this.reader.answers.length > 0 || this.end !== null, Number.POSITIVE_INFINITY);
    const first = this.reader.answers[0];
    const saysClose = first !== undefined && headerOf(first, "connection")?.toLowerCase() === "close";
    if (lingerMs > 0 || saysClose) await this.#until(() => this.end !== null, Math.max(lingerMs, 1000));
  }

  finish(end: Exchange["end"]): void {
    if (this.end !== null) return;
    this.end = end;
    if (end === "closed") this.reader.end();
    if (end === "reset") this.reader.cut();
    this.#socket.destroy();
    this.#wake();
  }

  result(): Exchange {
    return {
      answers: this.reader.answers,
      interimStatuses: this.reader.interimStatuses,
      malformed: this.reader.malformed,
      takenBytes: this.#takenBytes,
      takenAtAnswerBytes: this.#takenAtAnswerBytes,
      answeredAfterMs: this.#answeredAfterMs,
      end: this.end ?? "left",
      elapsedMs: performance.now() - this.#startedAt,
    };
  }
}
