/**
 * Waiting for what must come: asked again and again, within a time, and never beyond an interrupt.
 */
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 50;

/**
 * @param ask `null`: not yet
 * @returns what came, or `null` after `withinMs`
 * @throws the signal's reason
 */
export async function waitUntil<T>(
  ask: () => Promise<T | null> | T | null,
  withinMs: number,
  signal: AbortSignal,
): Promise<T | null> {
  const givesUpAt = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await ask();
    if (found !== null) return found;
    if (performance.now() > givesUpAt) return null;
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

/** A pause that an interrupt ends. @throws the signal's reason */
export async function pause(forMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await sleep(forMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}
