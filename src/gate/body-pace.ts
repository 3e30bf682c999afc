/**
 * Whether a body arrives fast enough. Who sends next to nothing holds a place that somebody else could use.
 *
 * Two rules: in every idle window some progress; and, once the first window is over, the minimum rate on average from the first byte on. Time in
 * which we keep the client waiting (our disk, a slow service) counts for neither.
 */
import { GateError } from "../problems/gate-error.ts";

/** Less than this over a whole idle window is no progress, but a sign of life to hold a place with. */
const PROGRESS_BYTES_PER_SECOND = 256;
const LOOKS_A_WINDOW = 4;

export interface BodyPaceOptions {
  readonly idleMs: number;
  /** 0: one byte in each idle window is enough. */
  readonly bytesPerSecondMin: number;
  readonly look: () => { readonly bytes: number; readonly isOurTurn: boolean };
  readonly onTooSlow: (error: GateError) => void;
}

export class BodyPace {
  readonly #options: BodyPaceOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #lookMs: number;
  /** Bytes of the last looks, the oldest first. */
  readonly #window: number[] = [];
  #bytes = 0;
  #countedMs = 0;
  #wasOurTurn = false;

  constructor(options: BodyPaceOptions) {
    this.#options = options;
    this.#lookMs = options.idleMs / LOOKS_A_WINDOW;
    this.#timer = setInterval(() => this.look(), this.#lookMs);
  }

  /** Judges the time since the last look, which is a quarter of the idle window. */
  look(): void {
    const { bytes, isOurTurn } = this.#options.look();
    const newBytes = bytes - this.#bytes;
    const counts = !isOurTurn && !this.#wasOurTurn;
    this.#wasOurTurn = isOurTurn;
    this.#bytes = bytes;
    if (!counts) return;
    // Before the first byte there is silence to judge, but no rate.
    if (bytes > 0) this.#countedMs += this.#lookMs;
    this.#window.push(newBytes);
    if (this.#window.length > LOOKS_A_WINDOW) this.#window.shift();
    const error = this.#judgeWindow() ?? this.#judgeAverage();
    if (error === null) return;
    this.stop();
    this.#options.onTooSlow(error);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #judgeWindow(): GateError | null {
    if (this.#window.length < LOOKS_A_WINDOW) return null;
    const { idleMs, bytesPerSecondMin } = this.#options;
    const rate = Math.min(PROGRESS_BYTES_PER_SECOND, bytesPerSecondMin);
    const bytesMin = Math.max(1, Math.ceil((rate * idleMs) / 1000));
    const seen = this.#window.reduce((sum, bytes) => sum + bytes, 0);
    if (seen >= bytesMin) return null;
    return tooSlow(`at least ${bytesMin} bytes in ${idleMs / 1000} s`, `${seen} bytes`);
  }

  #judgeAverage(): GateError | null {
    const { idleMs, bytesPerSecondMin } = this.#options;
    const seconds = this.#countedMs / 1000;
    if (this.#countedMs <= idleMs || this.#bytes >= bytesPerSecondMin * seconds) return null;
    return tooSlow(
      `at least ${bytesPerSecondMin} bytes a second on average`,
      `${this.#bytes} bytes in ${Math.round(seconds * 10) / 10} s`,
    );
  }
}

function tooSlow(expected: string, seen: string): GateError {
  return new GateError("REQUEST_TIMEOUT", { message: "The body arrived too slowly.", expected, seen });
}
