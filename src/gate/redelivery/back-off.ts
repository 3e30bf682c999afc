/**
 * When a delivery is tried again: after 1 second, then twice as long each time, up to 10 minutes; each wait shortened by chance by up to a
 * half, so that many that failed together do not come back together.
 */
const FIRST_WAIT_MS = 1_000;
/** No pause is longer. */
export const WAIT_MS_MAX = 600_000;

/** How the tries of one delivery stand. Times in Unix milliseconds. */
export interface Tries {
  /** How many have failed, at least 1. */
  readonly failed: number;
  /** When the first one had. */
  readonly sinceMs: number;
  readonly retryForMs: number;
  /** The service's own wish, where it said one. */
  readonly retryAfterMs?: number;
}

/** @returns when to try again, or `null` where it has been tried for long enough: then a person decides. */
export function nextTryAt(tries: Tries, nowMs: number, random: () => number = Math.random): number | null {
  if (nowMs - tries.sinceMs >= tries.retryForMs) return null;
  const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries.failed - 1, 20), WAIT_MS_MAX);
  const spread = wait * (0.5 + random() / 2);
  return nowMs + Math.round(Math.max(spread, Math.min(tries.retryAfterMs ?? 0, WAIT_MS_MAX)));
}
