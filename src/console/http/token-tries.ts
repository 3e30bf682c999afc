/**
 * How many wrong tokens are heard from one address: a few in a minute. The token cannot be guessed; this keeps the noise down and shows it in the log.
 */
const TRIES_MAX = 5;
const WINDOW_MS = 60_000;
const ADDRESSES_MAX = 1000;

interface Tries {
  readonly sinceMs: number;
  wrong: number;
}

export class TokenTries {
  readonly #byAddress = new Map<string, Tries>();

  /** Seconds to wait before another try is heard; 0: it is heard now. */
  waitSeconds(address: string, nowMs: number): number {
    const tries = this.#byAddress.get(address);
    if (tries === undefined || nowMs - tries.sinceMs >= WINDOW_MS || tries.wrong < TRIES_MAX) return 0;
    return Math.ceil((tries.sinceMs + WINDOW_MS - nowMs) / 1000);
  }

  wrong(address: string, nowMs: number): void {
    const tries = this.#byAddress.get(address);
    if (tries !== undefined && nowMs - tries.sinceMs < WINDOW_MS) tries.wrong += 1;
    else {
      this.#byAddress.delete(address);
      this.#byAddress.set(address, { sinceMs: nowMs, wrong: 1 });
    }
    // The oldest are forgotten: memory is worth more than a count of what cannot succeed.
    for (const oldest of this.#byAddress.keys()) {
      if (this.#byAddress.size <= ADDRESSES_MAX) break;
      this.#byAddress.delete(oldest);
    }
  }

  right(address: string): void {
    this.#byAddress.delete(address);
  }
}
