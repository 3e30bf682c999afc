/**
 * Which requests are kept one by one: the newest that went wrong and that were refused, the slowest of a minute, and a sample of the others.
 *
 * Always holds: between two takings at most so many of each flow and kind, whatever comes; the newest stay.
 */

import type { RequestSignal } from "../request-signal.ts";
import type { KeptRequest } from "./history.ts";

export type Because = KeptRequest["keptBecause"];

const FAILED_MAX = 20;
const REFUSED_MAX = 10;
/** A minute's slowest is slow only against so many others. */
const SLOW_AMONG_MIN = 20;
const SAMPLE_EVERY_MS = 10_000;

/** A request with why it is kept. */
export interface ChosenRequest {
  readonly because: Because;
  readonly signal: RequestSignal;
}

/** Of one flow. */
export class KeptChoice {
  #failed: RequestSignal[] = [];
  #refused: RequestSignal[] = [];
  #sample: RequestSignal | null = null;
  #slowest: { readonly signal: RequestSignal; readonly ms: number } | null = null;
  #accepted = 0;
  #nextSampleAtMs = 0;

  take(signal: RequestSignal, nowMs: number): void {
    switch (signal.outcome) {
      case "failed":
      case "wrong":
        keepNewest(this.#failed, signal, FAILED_MAX);
        break;
      case "refused":
        keepNewest(this.#refused, signal, REFUSED_MAX);
        break;
      default:
        this.#takeOther(signal, nowMs);
    }
  }

  /** What has been chosen since the last time, but for the slowest of the minute that runs. */
  taken(): ChosenRequest[] {
    const chosen = [
      ...this.#failed.map((signal) => ({ because: "failed" as const, signal })),
      ...this.#refused.map((signal) => ({ because: "refused" as const, signal })),
      ...(this.#sample === null ? [] : [{ because: "sample" as const, signal: this.#sample }]),
    ];
    this.#failed = [];
    this.#refused = [];
    this.#sample = null;
    return chosen;
  }

  /** The slowest of the minute that ends, where there were enough others to call it slow. */
  endMinute(): ChosenRequest[] {
    const slowest = this.#accepted >= SLOW_AMONG_MIN ? this.#slowest : null;
    this.#slowest = null;
    this.#accepted = 0;
    return slowest === null ? [] : [{ because: "slow", signal: slowest.signal }];
  }

  #takeOther(signal: RequestSignal, nowMs: number): void {
    if (nowMs >= this.#nextSampleAtMs) {
      this.#sample = signal;
      this.#nextSampleAtMs = nowMs + SAMPLE_EVERY_MS;
    }
    if (signal.outcome !== "accepted") return;
    this.#accepted += 1;
    const ms = signal.service?.appMs ?? signal.service?.waitMs ?? signal.durationMs;
    if (this.#slowest === null || ms > this.#slowest.ms) this.#slowest = { signal, ms };
  }
}

function keepNewest(kept: RequestSignal[], signal: RequestSignal, max: number): void {
  if (kept.length >= max) kept.shift();
  kept.push(signal);
}
