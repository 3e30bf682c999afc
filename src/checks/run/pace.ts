/**
 * Keeps a run within the rate that a route promises to one principal, so that it is not the rate that is checked by accident.
 *
 * In: each request that is about to go out. Out: how long it has to wait. Requests of identities made for one case have shares of their own.
 */
import type { Sending } from "../send.ts";

interface Rate {
  readonly requestsMax: number;
  readonly everyMs: number;
}

export class Pace {
  readonly #rate: Rate;
  readonly #isOther: (sending: Sending) => boolean;
  readonly #now: () => number;
  /** Whoever made the target ready has sent one just now. */
  #sentAt: number[];

  /** @param isOther whether a request is that of somebody with a share of their own */
  constructor(
    rate: Rate,
    isOther: (sending: Sending) => boolean,
    now: () => number = () => performance.now(),
  ) {
    this.#rate = rate;
    this.#isOther = isOther;
    this.#now = now;
    this.#sentAt = [now()];
  }

  /** Takes a place for the request. @returns milliseconds until it may go out */
  next(sending: Sending): number {
    if (this.#isOther(sending)) return 0;
    const now = this.#now();
    const { requestsMax, everyMs } = this.#rate;
    this.#sentAt = this.#sentAt.filter((at) => at > now - everyMs);
    const full = this.#sentAt[this.#sentAt.length - requestsMax];
    const at = full === undefined ? now : full + everyMs;
    this.#sentAt.push(at);
    return at - now;
  }
}

/** How many requests such a rate leaves a run of this length, beside the one before it. */
export function requestsWithin(rate: Rate, elapsedMs: number): number {
  return rate.requestsMax * (1 + Math.floor(Math.max(0, elapsedMs - 1) / rate.everyMs)) - 1;
}
