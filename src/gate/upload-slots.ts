/**
 * How many uploads are at work at once; the one more gets an honest 503.
 */
import { GateError } from "../problems/gate-error.ts";

const RETRY_AFTER_SECONDS = 5;

/** Counts uploads at work against `limits.uploads`. */
export class UploadSlots {
  readonly #max: number;
  readonly #onChange: (active: number) => void;
  #active = 0;
  #whenIdle: (() => void)[] = [];

  constructor(max: number, onChange: (active: number) => void) {
    this.#max = max;
    this.#onChange = onChange;
  }

  get isFull(): boolean {
    return this.#active >= this.#max;
  }

  /**
   * Takes a slot; the result gives it back, once.
   * @throws GATE_BUSY
   */
  take(): () => void {
    if (this.isFull) {
      throw new GateError("GATE_BUSY", {
        expected: `at most ${this.#max} uploads at once`,
        seen: `${this.#active} at work`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#set(this.#active + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#set(this.#active - 1);
      isTaken = false;
    };
  }

  /** Resolves when no upload is at work. */
  idle(): Promise<void> {
    return this.#active === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #set(active: number): void {
    this.#active = active;
    this.#onChange(active);
    if (active > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}
