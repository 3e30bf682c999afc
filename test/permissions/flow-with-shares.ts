/**
 * A flow as far as shares look at it, and a clock that tests step.
 */
import type { Flow, ShareRule } from "../../src/flows/flow.ts";
import type { ShareClock } from "../../src/permissions/shares/ledger-time.ts";

export function flowWithShares(...shares: readonly ShareRule[]): Flow {
  return { name: "avatars", permissions: { shares } } as unknown as Flow;
}

export type Per = ShareRule["per"];

export const rate = (requestsMax: number, windowMs: number, per: Per = "principal"): ShareRule => ({
  kind: "rate",
  name: `rate-${per}`,
  per,
  requestsMax,
  windowMs,
});

export const concurrent = (uploadsMax: number, per: Per = "principal"): ShareRule => ({
  kind: "concurrent",
  name: `concurrent-${per}`,
  per,
  uploadsMax,
});

export const quota = (
  max: { readonly bytes?: number; readonly files?: number },
  windowMs: number,
  per: Per = "principal",
): ShareRule => ({
  kind: "quota",
  name: `quota-${per}`,
  per,
  windowMs,
  bytesMax: max.bytes ?? null,
  filesMax: max.files ?? null,
});

/** Begins at a full day. Time passes by `pass`, and the wall clock alone is set by `setWall`. */
export class SteppedClock implements ShareClock {
  #elapsedMs = 0;
  #wallLeadMs = 1_800_000_000_000 - (1_800_000_000_000 % 86_400_000);

  wallMs(): number {
    return this.#wallLeadMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return 5000 + this.#elapsedMs;
  }

  pass(ms: number): void {
    this.#elapsedMs += ms;
  }

  /** Sets the wall clock forward, or back by a negative number. */
  setWall(byMs: number): void {
    this.#wallLeadMs += byMs;
  }
}
