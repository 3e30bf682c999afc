/**
 * Which headers pass between client and service, and which the gate writes itself.
 *
 * In: a raw header list as it came. Out: one as it goes on, order and spelling kept. Always: nothing that concerns one connection only passes
 * (RFC 9110 section 7.6.1); no header that the gate speaks by, and no look-alike of one, passes from a client; what is said of the client's
 * address is the gate's own word, or that of a proxy which the settings trust. `Host` passes as the client sent it, because services build
 * absolute URLs from it. Trailers never come here: they are dropped with the body's framing (TR-05).
 */
import { foldedHeaderName, isReservedHeader } from "./reserved-names.ts";
import type { RawHeaders } from "./upstream.ts";

export { stripReservedQuery } from "./reserved-names.ts";

export interface RequestHeaderOptions {
  /** Whether Authorization and Cookie go on to the service. */
  readonly forwardCredentials: boolean;
  /** Address of the peer, without a port. */
  readonly clientAddress: string;
  /** Whether that peer is a proxy whose Forwarded headers count. */
  readonly clientIsTrustedProxy: boolean;
  readonly scheme: "http" | "https";
  readonly requestId: string;
  readonly traceparent: string;
  /** Leaves out all that describes the body, for a delivery that writes another one. */
  readonly dropContent: boolean;
}

/** Headers of one connection. @see RFC 9110 section 7.6.1; HTTP2-Settings: RFC 7540 section 3.2.1 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/**
 * Headers that `Connection` cannot name away. A client that lists one of these wants the service to see another request than the gate saw.
 * @see RFC 9110 section 7.6.1: not for fields meant for all recipients
 */
const NOT_CONNECTION_OPTIONS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "content-range",
  "expect",
  "authorization",
  "cookie",
  "range",
]);

/** What proxies say of the client or of the original request; from a client itself it is a lie. */
const PROXY_STATEMENTS: ReadonlySet<string> = new Set([
  "forwarded",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "x-original-url",
  "x-rewrite-url",
  "x-original-host",
  "x-original-uri",
  "x-sendfile",
  "x-sendfile-type",
  "remote-user",
  "x-remote-user",
]);

/** Written by the gate on every request. */
const OURS: ReadonlySet<string> = new Set(["x-request-id", "traceparent"]);

/** Headers whose underscore look-alikes would be read as them by a service behind CGI or WSGI. */
const NOT_BY_UNDERSCORE: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...NOT_CONNECTION_OPTIONS,
  ...PROXY_STATEMENTS,
  ...OURS,
  "origin",
  "referer",
  "user-agent",
  "idempotency-key",
  "x-csrf-token",
  "x-csrftoken",
  "x-xsrf-token",
  "x-requested-with",
  "x-api-key",
]);

/** Beside `content-*`: true of one body only, so false of the one that a delivery writes. */
const BODY_STATEMENTS: ReadonlySet<string> = new Set([
  "digest",
  "repr-digest",
  "expect",
  "signature",
  "signature-input",
]);

/** What is to be known of a header by its name alone. */
interface HeaderKind {
  readonly lowerName: string;
  readonly isHopByHop: boolean;
  /** Never passes from client to service. */
  readonly isReserved: boolean;
  readonly isProxyStatement: boolean;
  readonly isForwarded: boolean;
  readonly isCredential: boolean;
  readonly isBodyStatement: boolean;
}

/** Names come again and again, so their kinds are kept: few enough that strange names cannot fill the memory. */
const KINDS_MAX = 1_000;
const KEPT_NAME_CHARS_MAX = 64;
const kinds = new Map<string, HeaderKind>();

function kindOf(name: string): HeaderKind {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kind = readKind(name.toLowerCase());
  if (kinds.size < KINDS_MAX && name.length <= KEPT_NAME_CHARS_MAX) kinds.set(name, kind);
  return kind;
}

function readKind(lowerName: string): HeaderKind {
  const isLookAlike = lowerName.includes("_") && !isUnderscoreHarmless(foldedHeaderName(lowerName));
  return {
    lowerName,
    isHopByHop: HOP_BY_HOP.has(lowerName) || lowerName.startsWith("proxy-"),
    isReserved: isLookAlike || OURS.has(lowerName) || isReservedHeader(foldedHeaderName(lowerName)),
    isProxyStatement: isProxyStatement(lowerName),
    isForwarded: lowerName.startsWith("x-forwarded-"),
    isCredential: lowerName === "authorization" || lowerName === "cookie",
    isBodyStatement: lowerName.startsWith("content-") || BODY_STATEMENTS.has(lowerName),
  };
}

/**
 * The headers of a client's request as they go to the service. `Expect` stays, for a relay to honour; `Content-Length` stays, as checked
 * against the body by the relay, unless `dropContent`.
 */
export function endToEndRequestHeaders(raw: RawHeaders, options: RequestHeaderOptions): RawHeaders {
  const named = connectionOptions(raw);
  const kept: string[] = [];
  const seen: ProxyStatements = { addresses: [], proto: null, host: null, forwardedHost: null };
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const value = raw[at + 1] ?? "";
    const kind = kindOf(name);
    if (kind.lowerName === "host") seen.host ??= value;
    if (!isRequestHeaderKept(kind, named, options)) continue;
    if (kind.isForwarded && noteForwarded(kind.lowerName, value, seen)) continue;
    kept.push(name, value);
  }
  addOurs(kept, seen, options);
  return kept;
}

/** The headers of the service's answer as they go to the client. */
export function endToEndResponseHeaders(raw: RawHeaders): RawHeaders {
  const named = connectionOptions(raw);
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const { isHopByHop, lowerName } = kindOf(name);
    if (!isHopByHop && !named?.has(lowerName)) kept.push(name, raw[at + 1] ?? "");
  }
  return kept;
}

function isRequestHeaderKept(
  kind: HeaderKind,
  named: ReadonlySet<string> | null,
  options: RequestHeaderOptions,
): boolean {
  if (kind.isHopByHop || kind.isReserved || named?.has(kind.lowerName)) return false;
  if (kind.isProxyStatement) return options.clientIsTrustedProxy;
  if (kind.isCredential) return options.forwardCredentials;
  return !(options.dropContent && kind.isBodyStatement);
}

function isProxyStatement(lowerName: string): boolean {
  return (
    PROXY_STATEMENTS.has(lowerName) ||
    lowerName.startsWith("x-forwarded-") ||
    lowerName.startsWith("x-accel-")
  );
}

function isUnderscoreHarmless(foldedName: string): boolean {
  return !(
    isReservedHeader(foldedName) ||
    NOT_BY_UNDERSCORE.has(foldedName) ||
    isProxyStatement(foldedName) ||
    /^(proxy-|content-|sec-|x-auth-|x-user)/.test(foldedName)
  );
}

/** Names listed in `Connection`, lower-case; `null` where it lists none but the usual. */
function connectionOptions(raw: RawHeaders): ReadonlySet<string> | null {
  let named: Set<string> | null = null;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    const value = (raw[at + 1] ?? "").toLowerCase();
    if (value === "close" || value === "keep-alive") continue;
    for (const item of value.split(",")) {
      const option = item.trim();
      if (option === "close" || option === "keep-alive" || NOT_CONNECTION_OPTIONS.has(option)) continue;
      named ??= new Set();
      named.add(option);
    }
  }
  return named;
}

interface ProxyStatements {
  readonly addresses: string[];
  proto: string | null;
  host: string | null;
  forwardedHost: string | null;
}

/** Keeps aside what a trusted proxy said and the gate says again in its own words; `false` for what passes as it is. */
function noteForwarded(lowerName: string, value: string, seen: ProxyStatements): boolean {
  if (lowerName === "x-forwarded-for") seen.addresses.push(value);
  else if (lowerName === "x-forwarded-proto") seen.proto ??= value;
  else if (lowerName === "x-forwarded-host") seen.forwardedHost ??= value;
  else return false;
  return true;
}

function addOurs(kept: string[], seen: ProxyStatements, options: RequestHeaderOptions): void {
  kept.push("X-Forwarded-For", [...seen.addresses, options.clientAddress].join(", "));
  kept.push("X-Forwarded-Proto", seen.proto ?? options.scheme);
  const host = seen.forwardedHost ?? seen.host;
  if (host !== null) kept.push("X-Forwarded-Host", host);
  kept.push("X-Request-Id", options.requestId, "traceparent", options.traceparent);
}
