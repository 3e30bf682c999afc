/**
 * What a measurement tells while it runs, as lines. No I/O: the caller writes what it is given.
 *
 * Always holds: on a terminal there is one line that is written anew; elsewhere there are few plain lines, so that a log of CI stays short.
 */
import type { MeasureEvent } from "./measure-flow.ts";
import { planSeconds } from "./measure-plan.ts";

export interface MeasureProgressOptions {
  /** Whether a line can be written anew. */
  readonly isTerminal: boolean;
  readonly columns: number;
}

const CLEAR_LINE = "\r\u001b[K";
/** Elsewhere than on a terminal: a line for each such share of the load. */
const SPARSE_SHARE = 0.25;

/** Takes events, gives what is to be written for them. */
export class MeasureProgress {
  readonly #options: MeasureProgressOptions;
  #isLoading = false;
  #toldShare = 0;

  constructor(options: MeasureProgressOptions) {
    this.#options = options;
  }

  take(event: MeasureEvent): string {
    switch (event.kind) {
      case "trying":
        return this.#now(`Finding out what the route can do: ${event.ratePerSecond} uploads a second …`);
      case "loading":
        return this.#loading(event);
      case "cleaning":
        return this.#now("Removing what was stored …");
    }
  }

  /** Takes the line that was written anew away again. */
  end(): string {
    return this.#options.isTerminal ? CLEAR_LINE : "";
  }

  #loading({ done, of, plan }: Extract<MeasureEvent, { kind: "loading" }>): string {
    const leftSeconds = Math.ceil(planSeconds(plan) * (1 - done / of));
    const line = `${done} of ${of} uploads sent, about ${leftSeconds} s to go`;
    if (this.#options.isTerminal) return this.#now(line);
    const share = done / of;
    if (this.#isLoading && share - this.#toldShare < SPARSE_SHARE) return "";
    this.#isLoading = true;
    this.#toldShare = share;
    return `${line}\n`;
  }

  #now(line: string): string {
    const { isTerminal, columns } = this.#options;
    return isTerminal ? `${CLEAR_LINE}${line.slice(0, Math.max(20, columns - 1))}` : `${line}\n`;
  }
}
