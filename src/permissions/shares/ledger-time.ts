/**
 * The time by which shares age: it only goes forward, at the pace of elapsed time, whatever happens to the machine's clock.
 *
 * In: a wall clock and a monotonic one. Out: ledger time, which begins as the wall clock's and from then on follows the monotonic one, and the
 * difference between the two for what is written down. Always: `now` never goes back and never jumps.
 * A clock set forward so frees nothing at once, and a clock set back blocks nobody for longer. Time that the machine slept does not count
 * as elapsed. Only a restart believes the wall clock again (`recalled-use.ts`).
 */

/** Two clocks, both in milliseconds. */
export interface ShareClock {
  /** Unix time. */
  wallMs(): number;
  /** From any beginning; never goes back. */
  monotonicMs(): number;
}

export const SYSTEM_CLOCK: ShareClock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Smaller differences are the ordinary correction of clocks; what is written stays on its grid of slots meanwhile. */
const TOLERATED_MS = 1000;

export class LedgerTime {
  readonly #clock: ShareClock;
  /** Ledger time less monotonic time. */
  readonly #leadMs: number;
  #lastMs: number;
  #wallOffsetMs = 0;

  constructor(clock: ShareClock) {
    this.#clock = clock;
    this.#lastMs = Math.floor(clock.wallMs());
    this.#leadMs = this.#lastMs - clock.monotonicMs();
  }

  /** Whole milliseconds. */
  now(): number {
    this.#lastMs = Math.max(this.#lastMs, Math.floor(this.#clock.monotonicMs() + this.#leadMs));
    return this.#lastMs;
  }

  /** What to add to a ledger time to write it down as Unix time. */
  wallOffsetMs(): number {
    const differenceMs = Math.round(this.#clock.wallMs() - this.now());
    if (Math.abs(differenceMs - this.#wallOffsetMs) > TOLERATED_MS) this.#wallOffsetMs = differenceMs;
    return this.#wallOffsetMs;
  }
}
