/**
 * Watches how a target bears the load, so that a measurement ends before it does harm.
 *
 * In: what comes of each request, in the order in which they end. Out: why the load has to stop, in a sentence, or `null`. No clock, no I/O.
 */

export interface EndedRequest {
  /** 5xx, no answer, or none in time: what a target in trouble does. Other wrong answers are no sign of it. */
  readonly isTrouble: boolean;
  /** In words, where `isTrouble`. */
  readonly reason: string | null;
  /** From the intended start to the end. */
  readonly totalMs: number;
}

/** So many of the last requests are looked at. */
const WINDOW = 30;
/** From so many of them on in trouble it is the target that suffers: half of them may be the fault that is measured. */
const TROUBLED_SHARE_MAX = 0.6;
/** In a row, no connection at all: nobody is there any more. */
const REFUSED_IN_A_ROW = 8;
/** So much slower than at the beginning, and so slow at all. */
const SLOWER_FACTOR = 10;
const SLOW_MS = 1000;
/** So many seconds' worth of requests may wait for their answers, but never fewer or more than these. */
const WAITING_SECONDS = 5;
const WAITING_MIN = 32;
const WAITING_MAX = 250;

export class TargetWatch {
  readonly #waitingMax: number;
  readonly #first: number[] = [];
  readonly #last: EndedRequest[] = [];
  #refusedInARow = 0;

  constructor(ratePerSecond: number) {
    const wanted = Math.ceil(ratePerSecond * WAITING_SECONDS);
    this.#waitingMax = Math.min(WAITING_MAX, Math.max(WAITING_MIN, wanted));
  }

  ended(request: EndedRequest): void {
    if (this.#first.length < WINDOW && !request.isTrouble) this.#first.push(request.totalMs);
    this.#last.push(request);
    if (this.#last.length > WINDOW) this.#last.shift();
    this.#refusedInARow = request.reason?.includes("refused") === true ? this.#refusedInARow + 1 : 0;
  }

  /** @param waiting how many requests have no answer yet */
  whyStop(waiting: number): string | null {
    if (this.#refusedInARow >= REFUSED_IN_A_ROW)
      return `nobody answers any more: ${this.#refusedInARow} connections in a row were refused`;
    return this.#troubled() ?? this.#exploded() ?? this.#piledUp(waiting);
  }

  #troubled(): string | null {
    const troubled = this.#last.filter(({ isTrouble }) => isTrouble);
    const isEnough = this.#last.length === WINDOW && troubled.length >= WINDOW * TROUBLED_SHARE_MAX;
    if (!isEnough) return null;
    const reason = troubled.at(-1)?.reason ?? "no answer";
    return `${troubled.length} of the last ${WINDOW} uploads failed (${reason})`;
  }

  #exploded(): string | null {
    if (this.#first.length < WINDOW || this.#last.length < WINDOW) return null;
    const [before, now] = [medianOf(this.#first), medianOf(this.#last.map(({ totalMs }) => totalMs))];
    return now >= SLOW_MS && now >= before * SLOWER_FACTOR
      ? `uploads take ${Math.round(now)} ms, and took ${Math.round(before)} ms at the beginning`
      : null;
  }

  #piledUp(waiting: number): string | null {
    return waiting > this.#waitingMax
      ? `${waiting} uploads wait for their answers, so the service is slower than they come`
      : null;
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
