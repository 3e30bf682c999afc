/**
 * Where the signal of each request goes: to all sinks that were added, in that order, on the data path.
 *
 * Always holds: without a sink nothing is made and nothing is done; a sink that throws is left out of that one signal only and cannot disturb the request or
 * the other sinks; it is told of once.
 */
import type { RequestSignal, SignalSink } from "./request-signal.ts";

export class SignalBus implements SignalSink {
  readonly #onFault: (error: unknown) => void;
  #sinks: readonly SignalSink[] = [];
  #isFaultTold = false;

  /** @param onFault hears of the first error of a sink */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Whether anybody listens; where not, a signal need not even be made. */
  get isHeard(): boolean {
    return this.#sinks.length > 0;
  }

  /** Adds a sink, from the next signal on. @returns takes it out again */
  add(sink: SignalSink): () => void {
    this.#sinks = [...this.#sinks, sink];
    return () => {
      this.#sinks = this.#sinks.filter((one) => one !== sink);
    };
  }

  take(signal: RequestSignal): void {
    for (const sink of this.#sinks) {
      try {
        sink.take(signal);
      } catch (error) {
        this.#tellFault(error);
      }
    }
  }

  #tellFault(error: unknown): void {
    if (this.#isFaultTold) return;
    this.#isFaultTold = true;
    this.#onFault(error);
  }
}
