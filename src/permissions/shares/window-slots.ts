/**
 * How a sliding window is cut into slots.
 *
 * What is taken counts with the slot in which it was taken, and the slot counts as long as any of it reaches into the window. So nothing that was
 * taken in the last W milliseconds is ever left out, and something counts for at most one slot (W/60) longer than it should.
 */

const SLOTS = 60;

/** Length of one slot; whole milliseconds, at least 1. */
export function slotLengthMs(windowMs: number): number {
  return Math.max(1, Math.ceil(windowMs / SLOTS));
}

/** The end of the slot that `atMs` lies in; a slot has its beginning and not its end. */
export function slotEndMs(atMs: number, windowMs: number): number {
  const lengthMs = slotLengthMs(windowMs);
  return (Math.floor(atMs / lengthMs) + 1) * lengthMs;
}

/**
 * The slot length behind an entry of the records that has `lifetimeMs = slotLengthMs(W) + W` from its slot's beginning to its expiry: the
 * records do not keep the window itself, and the flow may have another one by now.
 */
export function slotLengthOfLifetime(lifetimeMs: number): number {
  return Math.max(1, Math.ceil(lifetimeMs / (SLOTS + 1)));
}
