/**
 * Requests that a browser sends for a page: which pages may, and what their scripts may read of the answer (CORS).
 *
 * In: a flow and a request's headers. Out: the CORS headers of the answer, or a refusal. Always holds: an origin is only ever named in an answer when
 * it is in the flow's list, character by character; a page of an unlisted origin is refused before it can do anything, not merely kept from
 * reading the answer, because a form needs no CORS to send a file with the user's cookies.
 * Not here: programs without a browser. They send neither Origin nor Fetch-Metadata, have no ambient credentials, and pass.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Flow } from "../flows/flow.ts";
import { GateError, quoteSeen } from "../problems/gate-error.ts";

export type Headers = readonly (readonly [name: string, value: string])[];

/** Request headers that scripts of listed origins may set. Fixed: what a preflight asks for is never reflected. */
const ALLOWED_REQUEST_HEADERS =
  "authorization, content-disposition, content-type, idempotency-key, traceparent, x-api-key, x-request-id";

/** Answer headers that scripts of listed origins may read. */
const EXPOSED_HEADERS =
  "content-location, etag, idempotency-replayed, location, ratelimit, ratelimit-policy, retry-after, server-timing, sluicegate-upload, x-request-id";

const PREFLIGHT_SECONDS = "600";

/** Headers of a service's answer that are the flow's to say. */
export const CORS_HEADERS: readonly string[] = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-expose-headers",
  "access-control-max-age",
];

/**
 * Judges where a request comes from.
 * @returns CORS headers for the answer, whatever the answer will be
 * @throws CROSS_SITE_REFUSED
 * @see Fetch standard section 3.2; RFC 6454 section 7; W3C Fetch Metadata section 2
 */
export function judgeOrigin(flow: Flow, headers: IncomingHttpHeaders): Headers {
  const vary: Headers = flow.permissions.origins.length > 0 ? [["vary", "Origin"]] : [];
  const { origin } = headers;
  if (origin === undefined) {
    refuseSiteWithoutOrigin(headers);
    return vary;
  }
  const { origins } = flow.permissions;
  if (origins !== "any" && origins.includes(origin)) return [...vary, ...answerTo(origin)];
  if (isOwnOrigin(origin, headers)) return vary;
  // Cookies go along with a form of any page; an answer that nobody can read does not undo what they allowed.
  if (origins === "any" && headers.cookie === undefined) {
    return [
      ...vary,
      ["access-control-allow-origin", "*"],
      ["access-control-expose-headers", EXPOSED_HEADERS],
    ];
  }
  throw refused(origin, origins);
}

/** Whether a request is the question of a browser that comes before another request. @see Fetch standard section 3.2.2 */
export function isPreflight(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return (
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}

/**
 * The headers of the answer to a preflight for a flow's route.
 * @throws CROSS_SITE_REFUSED
 */
export function answerPreflight(flow: Flow, headers: IncomingHttpHeaders): Headers {
  return [
    ...judgeOrigin(flow, headers),
    ["access-control-allow-methods", flow.route.method],
    ["access-control-allow-headers", ALLOWED_REQUEST_HEADERS],
    ["access-control-max-age", PREFLIGHT_SECONDS],
  ];
}

const answerTo = (origin: string): Headers => [
  ["access-control-allow-origin", origin],
  ["access-control-allow-credentials", "true"],
  ["access-control-expose-headers", EXPOSED_HEADERS],
];

function refuseSiteWithoutOrigin(headers: IncomingHttpHeaders): void {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return;
  throw new GateError("CROSS_SITE_REFUSED", {
    expected: "a page of the service's own origin",
    seen: `Sec-Fetch-Site: ${quoteSeen(String(site))}, without an Origin`,
  });
}

/**
 * Whether an origin is the one that the request was sent to. Behind a proxy that ends TLS the gate does not know its own scheme, so the hosts
 * decide, and the browser's own word where a page of `http:` sends to the `https:` of its host.
 */
function isOwnOrigin(origin: string, headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  const own = headers.host;
  if (own === undefined || !URL.canParse(origin)) return false;
  const { protocol, host, origin: canonical } = new URL(origin);
  if ((protocol !== "http:" && protocol !== "https:") || canonical !== origin) return false;
  return URL.canParse(`${protocol}//${own}`) && new URL(`${protocol}//${own}`).host === host;
}

function refused(origin: string, origins: readonly string[] | "any"): GateError {
  const others = origins === "any" ? [] : origins;
  return new GateError("CROSS_SITE_REFUSED", {
    message:
      origins === "any"
        ? "A page of another origin may send here, but not with cookies."
        : "Pages of this origin may not send here.",
    expected: ["a page of the service's own origin", ...others].join(", "),
    seen: `Origin: ${quoteSeen(origin)}`,
  });
}
