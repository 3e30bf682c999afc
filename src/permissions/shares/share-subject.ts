/**
 * Whose account of a share it is, as text for the records.
 *
 * Always: at most 220 characters, and the same for the same subject; those of different kinds never meet.
 */
import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";

const PRINCIPAL_CHARS_MAX = 200;

/** The one subject of a share of the whole flow. */
export const FLOW_SUBJECT = "flow";

/** A longer name than any principal should have is told by its hash. */
export function principalSubject(principal: string): string {
  if (principal.length <= PRINCIPAL_CHARS_MAX) return `principal:${principal.toWellFormed()}`;
  return `principal:sha256:${createHash("sha256").update(principal).digest("hex")}`;
}

/**
 * IPv4 by address, IPv6 by /64: one subscriber has at least that many (RFC 6177), so single addresses would bound nobody. An address that
 * cannot be read is a proxy's word for "unknown" or worse; all of those are one subject, so that making them up gains nothing.
 */
export function addressSubject(address: string): string {
  // As nearly every address is written, without the patterns for the others.
  if (isIPv4(address)) return `address:${address}`;
  const plain = withoutPort(address.trim());
  if (isIPv4(plain)) return `address:${plain}`;
  if (!isIPv6(plain)) return "address:unreadable";
  const hextets = hextetsOf(plain.split("%", 1)[0] ?? "");
  // RFC 4291 section 2.5.5.2: an IPv4 address that a socket for both families shows as ::ffff:a.b.c.d.
  if (hextets.slice(0, 6).join(":") === "0:0:0:0:0:ffff") return `address:${ipv4Of(hextets)}`;
  return `address:${hextets.slice(0, 4).join(":")}::/64`;
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write them. */
function withoutPort(address: string): string {
  return (
    /^\[([^\]]*)\](?::\d{1,5})?$/.exec(address)?.[1] ??
    /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(address)?.[1] ??
    address
  );
}

/** All eight groups of a valid IPv6 address, lower-case, without leading zeros. */
function hextetsOf(address: string): string[] {
  const [head = "", tail] = withHexTail(address).split("::");
  const before = groupsOf(head);
  if (tail === undefined) return before;
  const after = groupsOf(tail);
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
}

const groupsOf = (text: string): string[] =>
  text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16).toString(16));

/** `::ffff:192.0.2.1` as `::ffff:c000:201`. */
function withHexTail(address: string): string {
  const match = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (match === null) return address;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(2).map(Number);
  return `${match[1] ?? ""}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function ipv4Of(hextets: readonly string[]): string {
  const [high = 0, low = 0] = hextets.slice(6).map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
