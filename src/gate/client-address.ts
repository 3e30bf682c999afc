/**
 * Who the client is when proxies stand between: shares, logs and records go by this address, so nobody may choose it.
 *
 * In: the peer's address and what it forwarded. Out: one IP address in its canonical spelling. Each proxy adds on the right, so the lists are read
 * from the right for as long as the hops are trusted proxies: whatever stands further left was written by somebody we do not know.
 * Always: nothing is read unless the peer itself is trusted; a hop that is no IP address (`unknown`, an obfuscated name, broken text) ends the
 * reading, and the last proxy before it is taken for the client, since that is all we know.
 */
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from "node:net";

/** What a peer said of the hops before it, by header; every value of a header joined by commas. */
export interface ForwardedHops {
  readonly xForwardedFor: string | undefined;
  /** RFC 7239. */
  readonly forwarded: string | undefined;
}

/**
 * The client's address.
 *
 * Where both headers are there and lead to two addresses, one of them was written by the client and passed on by a proxy that knows only the other;
 * nobody can tell which. So neither counts, and the peer stands for the client.
 */
export function clientAddress(
  peer: string,
  hops: ForwardedHops,
  isTrusted: (address: string) => boolean,
): string {
  const address = canonicalAddress(peer) ?? peer;
  if (!isTrusted(address)) return address;
  const bare = hops.xForwardedFor?.split(",").map((hop) => hop.trim()) ?? null;
  const named =
    hops.forwarded === undefined ? null : splitOutsideQuotes(hops.forwarded, ",").map(forParameter);
  const byBare = bare === null ? null : nearestClient(address, bare, isTrusted);
  const byNamed = named === null ? null : nearestClient(address, named, isTrusted);
  if (byBare !== null && byNamed !== null && byBare !== byNamed) return address;
  return byBare ?? byNamed ?? address;
}

function nearestClient(
  peer: string,
  hops: readonly (string | null)[],
  isTrusted: (address: string) => boolean,
): string {
  let nearest = peer;
  for (const hop of hops.toReversed()) {
    const address = hop === null ? null : readHop(hop);
    if (address === null) return nearest;
    nearest = address;
    if (!isTrusted(address)) return nearest;
  }
  return nearest;
}

/** Splits outside quoted strings. One that does not end takes the rest with it. An empty member is kept: it is a hop that said nothing. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const members: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (char === "\\" && isQuoted) at += 1;
    else if (char === separator && !isQuoted) {
      members.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...members, text.slice(from)];
}

/**
 * The `for` of one forwarded-element, `null` where it has none, two, or the element is broken.
 * @see RFC 7239 section 4: names are case-insensitive, a value is a token or a quoted string
 */
function forParameter(element: string): string | null {
  let found: string | null = null;
  for (const pair of splitOutsideQuotes(element, ";")) {
    const [, name, token, quoted] =
      /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")\s*$/.exec(
        pair,
      ) ?? [];
    if (name === undefined) return null;
    if (name.toLowerCase() !== "for") continue;
    if (found !== null) return null;
    found = token ?? quoted?.replace(/\\(.)/g, "$1") ?? "";
  }
  return found;
}

/** An address with or without a port: `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. */
function readHop(hop: string): string | null {
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalAddress(bracketed) : null;
  const [, v4] = /^([^:]+):\d{1,5}$/.exec(hop) ?? [];
  return v4 === undefined ? canonicalAddress(hop) : isIPv4(v4) ? v4 : null;
}

/** One spelling for each address, so that one client is not many; IPv4 in IPv6 is IPv4. A zone is none of the client's. */
function canonicalAddress(text: string): string | null {
  const address = text.split("%", 1)[0] ?? "";
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  const [, v4] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(canonical) ?? [];
  return v4 ?? canonical;
}

/** Addresses and networks (`10.0.0.0/8`) of proxies whose forwarding headers count. */
export function trustedProxies(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const plain = canonicalAddress(address);
    return plain !== null && list.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
  };
}
