/**
 * Which answers of the service are kept for a retry, and what of them.
 *
 * An answer by which the service says that it did nothing and may be asked again is not kept: a retry goes on to the service. Never kept are
 * what belongs to the first exchange alone (its time, its ids) and what is a credential: a cookie or a token is given once.
 */
import type { StoredAnswer } from "../../records/records.ts";
import type { GatheredBody, RawHeaders } from "../../upstream/upstream.ts";
import { ANSWER_BYTES_MAX } from "./idempotency.ts";

/** Lower-case. `content-length` is that of the body as it is given again. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  "set-cookie",
  "set-cookie2",
  "authentication-info",
  "date",
  "age",
  "server-timing",
  "x-request-id",
  "traceresponse",
  "content-length",
  "idempotency-replayed",
]);

/**
 * Beside 5xx, the statuses with which the same request may well be taken the next time: authentication is missing (401, 407), the request came too
 * slowly (408), too early (425), too often (429). @see RFC 9110 section 15.5; RFC 8470 section 5.2; RFC 6585 section 4
 */
const ASKS_AGAIN: ReadonlySet<number> = new Set([401, 407, 408, 425, 429]);

/** Whether a retry shall get this answer again; else it goes on to the service. */
export function isFinalAnswer(status: number): boolean {
  return status < 500 && !ASKS_AGAIN.has(status);
}

/** An answer as the records keep it. `gathered` as `AnswerOptions.beforeHead` gets it; `null` where nothing was gathered. */
export function storedAnswer(status: number, gathered: GatheredBody | null): StoredAnswer {
  const body = gathered?.body ?? null;
  return {
    status,
    headers: keptHeaders(gathered?.headers ?? []),
    body: body === null || body.length > ANSWER_BYTES_MAX ? null : body.toString("base64"),
  };
}

/** Headers of an answer without those that a retry does not get. */
export function keptHeaders(headers: RawHeaders): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (!NOT_KEPT.has(name.toLowerCase())) kept.push(name, headers[at + 1] ?? "");
  }
  return kept;
}
