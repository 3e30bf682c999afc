/**
 * The head of an answer on its way from the service to the client: pure functions over its reason phrase and its headers.
 */
import type { AnswerHeaders, RawHeaders } from "./upstream.ts";

const PLAIN_TEXT = /^[\t\x20-\x7e]*$/;

/** A reason phrase that can go on the wire again; Node's own where it cannot. @see RFC 9112 section 4 */
export function safeMessage(message: string): string {
  return PLAIN_TEXT.test(message) ? message : "";
}

/** All values of a header, joined as RFC 9110 section 5.3 allows; `null` where there is none. */
export function headerValue(headers: RawHeaders, lowerName: string): string | null {
  let found: string | null = null;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (name.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
    const value = headers[at + 1] ?? "";
    found = found === null ? value : `${found}, ${value}`;
  }
  return found;
}

/** The service's headers without those withheld, and with ours in place of any of the same name. */
export function withChanges(headers: RawHeaders, changes: AnswerHeaders | undefined): RawHeaders {
  if (changes === undefined) return headers;
  const { added, withheld } = changes;
  const names = new Set<string>(withheld);
  for (let at = 0; at < added.length; at += 2) names.add((added[at] ?? "").toLowerCase());
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, headers[at + 1] ?? "");
  }
  return kept.concat(added);
}
