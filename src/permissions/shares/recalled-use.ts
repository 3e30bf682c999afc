/**
 * What a start makes of use that an earlier process recorded.
 *
 * A restart believes the machine's clock. What is dated later than now, since the clock was set back meanwhile, counts as taken now: for one window
 * longer than it should, at most. What is dated a whole window ahead or more was dated by a clock so wrong that nobody knows when it was
 * taken; it is left out, or a clock that once stood in another year would refuse everything until then.
 * A clock set forward by more than the window between two starts lets use expire early; it looks just like a long stop.
 */
import type { UsageEntry } from "../../records/records.ts";
import { slotEndMs, slotLengthOfLifetime } from "./window-slots.ts";

/** The slot's end and the window that the entry was made for; `null` where it counts no more. */
export function recallUse(
  { slotMs, expiresAtMs }: UsageEntry,
  nowMs: number,
): { readonly endMs: number; readonly windowMs: number } | null {
  const lengthMs = slotLengthOfLifetime(expiresAtMs - slotMs);
  const windowMs = expiresAtMs - slotMs - lengthMs;
  if (expiresAtMs <= nowMs || windowMs <= 0 || slotMs >= nowMs + windowMs) return null;
  return { endMs: Math.min(slotMs + lengthMs, slotEndMs(nowMs, windowMs)), windowMs };
}
