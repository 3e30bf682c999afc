/**
 * How long a case waits for an answer: as long as this target may need, and no longer, as a run has only so much time.
 *
 * Ten times what the control upload took, between three and ten seconds; never less than what the case itself allows, or than the route's own idle time
 * where that is so short; and a second more for each megabyte that is to be sent.
 */
import type { Expectation, Target } from "../check.ts";

const TIMES = 10;
const LEAST_MS = 3000;
const MOST_MS = 10_000;
const BYTES_PER_MS = 1000;
const BEYOND_MS = 1000;

/** @param controlMs `null` where it is not known how fast the target is */
export function deadlineMsFor(
  expect: Expectation,
  target: Pick<Target, "idleMs">,
  sentBytes: number,
  controlMs: number | null,
): number {
  const usual = controlMs === null ? MOST_MS : Math.min(Math.max(TIMES * controlMs, LEAST_MS), MOST_MS);
  const idleMs = target.idleMs ?? 0;
  // A minute that a front would wait for a silent service is a whole run's time.
  const allowed = Math.max(expect.withinMs ?? 0, idleMs <= MOST_MS ? idleMs : 0);
  const least = allowed === 0 ? 0 : allowed + BEYOND_MS;
  return Math.round(Math.max(usual, least) + sentBytes / BYTES_PER_MS);
}
