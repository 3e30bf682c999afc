/**
 * Whether an answer says "not now", and for how long.
 */
import { headerOf } from "../answer-reader.ts";
import type { Expectation } from "../check.ts";
import type { Exchange } from "../send-probe.ts";

const WAIT_MS = 2000;

/** Milliseconds that a 429 or 503 asks to wait, or `null`. @see RFC 9110 section 10.2.3 */
export function askedToWaitMs({ answers }: Exchange, now = Date.now()): number | null {
  const [answer] = answers;
  if (answer === undefined || (answer.status !== 429 && answer.status !== 503)) return null;
  const value = headerOf(answer, "retry-after");
  if (value === null) return answer.status === 429 ? WAIT_MS : null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? WAIT_MS : Math.max(ms, 0);
}

/** Whether that is an answer that was expected. */
export function isExpectedBusy(expect: Expectation | undefined, status: number): boolean {
  return expect !== undefined && expect.outcome !== "accepted" && expect.statuses.includes(status);
}
