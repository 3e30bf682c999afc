/**
 * The one reading of a request target.
 *
 * In: the target as it stood in the request line. Out: the path in canonical form, and the target as it goes to the service. Everything that
 * two programs could read differently is refused (lesson T41): what the gate matches is what the service routes.
 * Always: `canonicalTarget(canonicalTarget(t).target)` gives the same again.
 * Not here: which parameters of the query may pass (`reserved-names.ts`).
 */
import { GateError, quoteSeen } from "../problems/gate-error.ts";

export interface CanonicalTarget {
  /** For matching: every octet that may stand for itself does, all others as `%XX` in upper case. */
  readonly path: string;
  /** With its `?`, or "". As sent, but for octets outside ASCII, which are written `%XX`. */
  readonly query: string;
  /** For the wire: like `path` + `query`, but `%XX` of `!$&'()*+,;=:@` stays as it was sent, because to some services it differs. */
  readonly target: string;
}

/** Nothing to decode, to encode or to doubt: nearly every request. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\/?$/;

/** RFC 3986 section 2.3. */
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/** RFC 3986 section 3.3: what else may stand for itself in a segment. */
const SUB_DELIMS_AND_MORE = /^[!$&'()*+,;=:@]$/;

/**
 * Reads a request target.
 * @param rawTarget as in the request line, one character an octet.
 * @throws REQUEST_TARGET_INVALID for anything but an absolute path in unambiguous form.
 * @see RFC 9112 section 3.2.1; RFC 3986 sections 2.3, 3.3 and 6.2.2
 */
export function canonicalTarget(rawTarget: string): CanonicalTarget {
  const at = rawTarget.indexOf("?");
  const rawPath = at < 0 ? rawTarget : rawTarget.slice(0, at);
  const query = at < 0 ? "" : canonicalQuery(rawTarget.slice(at), rawTarget);
  if (PLAIN_PATH.test(rawPath)) return { path: rawPath, query, target: rawPath + query };
  if (!rawPath.startsWith("/")) refuse(rawTarget, "a target that is no absolute path");
  if (rawPath.startsWith("//")) refuse(rawTarget, "a path that starts with two slashes");
  const wirePath = rewritePath(rawPath, rawTarget);
  if (/%25[0-9A-Fa-f]{2}/.test(wirePath)) refuse(rawTarget, "double encoding");
  const path = wirePath.replace(/%[0-9A-F]{2}/g, decodeReserved);
  refuseDotSegments(path, rawTarget);
  refuseBrokenText(wirePath, rawTarget);
  return { path, query, target: wirePath + query };
}

function canonicalQuery(query: string, rawTarget: string): string {
  for (let index = 0; index < query.length; index += 1) {
    const octet = query.charCodeAt(index);
    if (octet <= 0x20 || octet === 0x7f) refuse(rawTarget, "a control character or space in the query");
    if (octet === 0x23) refuse(rawTarget, "a fragment");
    if (octet > 0xff) refuse(rawTarget, "a character that is no octet");
  }
  return query.replace(/[\x80-\xff]/g, percentEncoded);
}

function rewritePath(rawPath: string, rawTarget: string): string {
  let path = "";
  for (let index = 0; index < rawPath.length; index += 1) {
    const char = rawPath.charAt(index);
    if (char === "%") {
      path += canonicalTriplet(rawPath, index, rawTarget);
      index += 2;
    } else path += canonicalChar(char, rawTarget);
  }
  return path;
}

function canonicalChar(char: string, rawTarget: string): string {
  if (char === "/" || UNRESERVED.test(char) || SUB_DELIMS_AND_MORE.test(char)) return char;
  const octet = char.charCodeAt(0);
  if (octet <= 0x20 || octet === 0x7f) refuse(rawTarget, "a control character or space");
  if (octet > 0x7f) refuse(rawTarget, "a character outside ASCII that is not percent-encoded");
  if (char === "\\") refuse(rawTarget, "a backslash");
  if (char === "#") refuse(rawTarget, "a fragment");
  return percentEncoded(char);
}

function canonicalTriplet(rawPath: string, index: number, rawTarget: string): string {
  const hex = rawPath.slice(index + 1, index + 3);
  if (!/^[0-9A-Fa-f]{2}$/.test(hex)) refuse(rawTarget, "a % that is no percent-encoding");
  const octet = Number.parseInt(hex, 16);
  if (octet === 0x2f) refuse(rawTarget, "an encoded slash");
  if (octet === 0x5c) refuse(rawTarget, "an encoded backslash");
  if (octet < 0x20 || octet === 0x7f) refuse(rawTarget, "an encoded control character");
  if (octet === 0x25 && /^[0-9A-Fa-f]{2}/.test(rawPath.slice(index + 3)))
    refuse(rawTarget, "double encoding");
  const char = String.fromCharCode(octet);
  return UNRESERVED.test(char) ? char : `%${hex.toUpperCase()}`;
}

function decodeReserved(triplet: string): string {
  const char = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  return SUB_DELIMS_AND_MORE.test(char) ? char : triplet;
}

/** `..;x` is `..` to servers that cut path parameters off. @see RFC 3986 section 3.3 */
function refuseDotSegments(path: string, rawTarget: string): void {
  for (const segment of path.split("/")) {
    const name = segment.split(";", 1)[0];
    if (name === "." || name === "..") refuse(rawTarget, "a dot segment");
  }
}

/** Octets that are no UTF-8 are read in several ways, an overlong `%C0%AF` as a slash by some. */
function refuseBrokenText(path: string, rawTarget: string): void {
  try {
    decodeURIComponent(path);
  } catch {
    refuse(rawTarget, "percent-encoded octets that are not UTF-8");
  }
}

function percentEncoded(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function refuse(rawTarget: string, what: string): never {
  throw new GateError("REQUEST_TARGET_INVALID", {
    message: `The request path has ${what}.`,
    expected: "an absolute path without encoded slashes, dot segments, control characters or double encoding",
    seen: quoteSeen(rawTarget),
  });
}
