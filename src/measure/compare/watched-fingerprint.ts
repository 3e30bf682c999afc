/**
 * What an arm was at its first segment, and what changed of it at a later one: a deployment in the middle must not pass for a change that was measured.
 */

import type { JudgedArm } from "../judge/judge-input.ts";
import type { Fingerprint } from "../measurement.ts";

type Changes = JudgedArm["changedMeanwhile"];

export class WatchedFingerprint {
  #first: Fingerprint | null = null;
  readonly #changed = new Map<string, Changes[number]>();

  /** The fingerprint as read before one segment. */
  take(seen: Fingerprint): void {
    if (this.#first === null) {
      this.#first = seen;
      return;
    }
    const { values } = this.#first;
    for (const key of new Set([...Object.keys(values), ...Object.keys(seen.values)])) {
      const [from, to] = [values[key] ?? null, seen.values[key] ?? null];
      if (from !== to && !this.#changed.has(key)) this.#changed.set(key, { key, from, to });
    }
  }

  get first(): Fingerprint {
    return this.#first ?? { values: {} };
  }

  get changedMeanwhile(): Changes {
    return [...this.#changed.values()];
  }
}
