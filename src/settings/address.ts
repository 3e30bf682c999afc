/**
 * Addresses as they are written in the settings and on the command line: where to listen, where the service is, whom to trust.
 */
import { isIP } from "node:net";
import { describeWritten, misread, type Reading, read } from "../setup/reading.ts";
import type { ListenAddress } from "./settings.ts";

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*$/;

/** Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`. Port 0 lets the system choose. */
export function readListenAddress(written: unknown): Reading<ListenAddress> {
  const [, bracketed, plain, digits] =
    typeof written === "string" ? (/^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(written) ?? []) : [];
  const port = Number(digits);
  const host = bracketed ?? plain ?? "";
  const isHost = bracketed === undefined ? isIP(host) === 4 || isName(host) : isIP(host) === 6;
  if (digits !== undefined && isHost && port <= 65_535) return read({ host, port });
  return misread(
    `${describeWritten(written)} is not an address to listen on; write 127.0.0.1:8080, or 0.0.0.0:8080 to be reached from elsewhere.`,
  );
}

/** A name is not made of digits and dots alone: that would be a broken IPv4 address. */
function isName(host: string): boolean {
  return HOST_NAME.test(host) && !/^[\d.]+$/.test(host);
}

/** An address as it is written: `[::1]:8080`. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads the origin of a service: `http://127.0.0.1:8000`. @returns scheme, host and port, nothing else. */
export function readOrigin(written: unknown): Reading<string> {
  const url = typeof written === "string" ? URL.parse(written) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return misread("this is not the address of a service; write it like http://127.0.0.1:8000.");
  }
  if (url.username !== "" || url.password !== "") {
    return misread("an address has no user and no password; they would end up in logs.");
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || /[?#]$/.test(String(written))) {
    return misread(`an address has no path and no query; paths go on as they come. Write ${url.origin}.`);
  }
  return read(url.origin);
}

/** Reads the issuer of receipts: an http(s) URL without query, user or trailing slash. */
export function readIssuer(written: unknown): Reading<string> {
  const url = typeof written === "string" ? URL.parse(written) : null;
  const isFine =
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    url.search + url.hash + url.username + url.password === "";
  if (!isFine) return misread("this is not a URL of the gate; write it like https://uploads.example.com.");
  return read(String(written).replace(/\/+$/, ""));
}

/** Reads an IP address or a network: `10.0.0.0/8`, `::1`. */
export function readNetwork(written: unknown): Reading<string> {
  const [address = "", bits, ...rest] = typeof written === "string" ? written.split("/") : [];
  const family = isIP(address);
  const bitsMax = family === 6 ? 128 : 32;
  const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax);
  if (family !== 0 && isPrefix && rest.length === 0) return read(String(written));
  return misread(
    `${describeWritten(written)} is neither an IP address nor a network; write it like 10.0.0.5 or 10.0.0.0/8.`,
  );
}
