/**
 * Conditions that a request sets on the answer: compared with the one validator that a file has, its digest as a strong ETag.
 *
 * No dates: bytes under an id never change, and a date with whole seconds would say less than the digest; so without a Last-Modified,
 * conditions by date are ignored, as RFC 9110 sections 13.1.3 and 13.1.4 say, and an If-Range with a date does not hold.
 */
import type { IncomingHttpHeaders } from "node:http";

const ENTITY_TAG = /(W\/)?("[^"]*")/g;

/**
 * In the order of RFC 9110 section 13.2.2.
 * @param etag strong, in its quotes.
 */
export function judgePreconditions(
  headers: IncomingHttpHeaders,
  etag: string,
): "proceed" | "not-modified" | "failed" {
  const ifMatch = headers["if-match"];
  if (ifMatch !== undefined && !names(ifMatch, etag, { strongly: true })) return "failed";
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag, { strongly: false })) return "not-modified";
  return "proceed";
}

/**
 * The `Range` header that counts: only GET defines ranges (RFC 9110 section 14.2), and an If-Range that does not hold takes the header
 * back (section 13.1.5, strong comparison).
 */
export function effectiveRange(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  etag: string,
): string | undefined {
  const ifRange = headers["if-range"];
  if (method !== "GET" || (ifRange !== undefined && ifRange !== etag)) return undefined;
  return headers.range;
}

function names(list: string, etag: string, { strongly }: { strongly: boolean }): boolean {
  if (list.trim() === "*") return true;
  return [...list.matchAll(ENTITY_TAG)].some(([, weak, tag]) => tag === etag && !(strongly && weak === "W/"));
}
