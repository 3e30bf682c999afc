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

/** What a 429 or 507 to a good upload means for a run: the sender's share is used up. `null` for any other answer. @see RFC 4918 section 11.5 */
export function sayUsedUp(exchange: Exchange): string | null {
  const status = exchange.answers[0]?.status ?? 0;
  if (status !== 429 && status !== 507) return null;
  const ms = askedToWaitMs(exchange);
  const again = ms === null ? "later" : `after ${sayWait(ms)}`;
  return `What this sender may upload is used up: the route answers ${status} to a good upload, and takes the next one ${again}. What is left out has no answer; send as somebody with a larger share, or name fewer checks.`;
}

function sayWait(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.ceil(ms / 1000)} s`;
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}

/** Whether that is an answer that was expected. */
export function isExpectedBusy(expect: Expectation | undefined, status: number): boolean {
  return expect !== undefined && expect.outcome !== "accepted" && expect.statuses.includes(status);
}
