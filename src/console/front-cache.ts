/**
 * The front page, made once for all who ask within a second: however many look, the history is asked as often as for one.
 */
import type { FrontPage } from "./console-api.ts";

const FRESH_MS = 1000;

export class FrontCache {
  readonly #make: () => Promise<FrontPage>;
  #made: Promise<FrontPage> | null = null;
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor(make: () => Promise<FrontPage>) {
    this.#make = make;
  }

  /** @throws what making it throws; the next one who asks tries again */
  get(): Promise<FrontPage> {
    const now = performance.now();
    if (this.#made === null || now - this.#madeAt > FRESH_MS) {
      this.#madeAt = now;
      const made = this.#make();
      made.catch(() => this.forget());
      this.#made = made;
    }
    return this.#made;
  }

  /** Something was changed by a person, who wants to see it. */
  forget(): void {
    this.#made = null;
  }
}

/** The page without what changes by itself. */
export function frontEssence({ nowMs: _, ...rest }: FrontPage): string {
  return JSON.stringify(rest);
}
