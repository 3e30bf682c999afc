/**
 * How many deliveries go to one service at once: a few while it answers, one now and then while it does not.
 */
const AT_ONCE = 4;
const FIRST_REST_MS = 1_000;
const REST_MS_MAX = 30_000;

/** One service's state, as its last tries showed it. Times on a clock that never jumps, in milliseconds. */
export class Circuit {
  #running = 0;
  #failuresInARow = 0;
  #restsUntilMs = 0;

  mayStart(nowMs: number): boolean {
    if (this.#failuresInARow === 0) return this.#running < AT_ONCE;
    return this.#running === 0 && nowMs >= this.#restsUntilMs;
  }

  started(): void {
    this.#running += 1;
  }

  /** @param reached whether the service answered; `null` where the try never got so far as to ask it. */
  ended(reached: boolean | null, nowMs: number): void {
    this.#running -= 1;
    if (reached === true) this.#failuresInARow = 0;
    if (reached !== false) return;
    const rest = Math.min(FIRST_REST_MS * 2 ** Math.min(this.#failuresInARow, 10), REST_MS_MAX);
    this.#failuresInARow += 1;
    this.#restsUntilMs = nowMs + rest;
  }
}
