/**
 * Whether a request to the operator's port comes from this machine, directly, by a name of this machine.
 *
 * The Host header counts as much as the address: a page of anybody can have its own name resolve to 127.0.0.1 (DNS rebinding), and the browser then
 * brings that name. What a proxy on this machine passes on comes from loopback, too, so nothing that names another client counts.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const PASSED_ON = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

export function isLoopbackRequest({ socket, headers }: Pick<IncomingMessage, "headers" | "socket">): boolean {
  if (PASSED_ON.some((name) => headers[name] !== undefined)) return false;
  return isLoopbackAddress(socket.remoteAddress ?? "") && isLoopbackHost(headers.host);
}

/** IPv4 addresses in IPv6 form count as what they are. */
function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** `127.0.0.1:8081`, `[::1]:8081`, `localhost`. @see RFC 6761 section 6.3: names below localhost are loopback, too */
function isLoopbackHost(host: string | undefined): boolean {
  const name = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?$/.exec(host ?? "");
  const [, bracketed, plain = ""] = name ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 && isLoopbackAddress(bracketed);
  return isIP(plain) === 4 ? isLoopbackAddress(plain) : /^([a-z0-9-]+\.)*localhost$/i.test(plain);
}
