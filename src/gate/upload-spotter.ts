/**
 * Names the routes that look like upload routes among the requests that no flow matches, once each, so that a gate that only passes
 * through tells where a flow is worth writing.
 */
import type { IncomingMessage } from "node:http";

/** So many routes are remembered; a service with more upload routes than that is not listed whole. */
const ROUTES_MAX = 200;
/** From here on a raw body is more likely a file than a message. */
const RAW_BYTES_MIN = 64 * 1024;
const MESSAGE_TYPES =
  /^\s*(application\/(json|[a-z0-9.+-]+\+json|x-www-form-urlencoded|xml|graphql|grpc)|text\/xml)\b/i;
/** Segments that name one thing of many: numbers, UUIDs, long hex or base64 words. */
const IDENTIFIER = /^(\d+|[0-9a-f-]{16,}|[A-Za-z0-9_-]{22,})$/;

/** What was spotted: the method, the path with identifiers replaced by `{…}`, and why. */
export interface SpottedRoute {
  readonly method: string;
  readonly path: string;
  readonly reason: string;
}

export class UploadSpotter {
  readonly #seen = new Set<string>();

  /** A route that looks like an upload route and was not named before, else `null`. */
  spot(req: IncomingMessage, path: string): SpottedRoute | null {
    const reason = reasonOf(req);
    if (reason === null || this.#seen.size >= ROUTES_MAX) return null;
    const route = { method: req.method ?? "", path: templateOf(path), reason };
    const name = `${route.method} ${route.path}`;
    if (this.#seen.has(name)) return null;
    this.#seen.add(name);
    return route;
  }
}

function reasonOf(req: IncomingMessage): string | null {
  const type = req.headers["content-type"] ?? "";
  if (/^\s*multipart\/form-data\b/i.test(type)) return "its body is multipart/form-data";
  if (req.method !== "POST" && req.method !== "PUT" && req.method !== "PATCH") return null;
  if (MESSAGE_TYPES.test(type)) return null;
  if (/^\s*(image|video|audio)\/|^\s*application\/(octet-stream|pdf|zip)\b/i.test(type))
    return `its body is ${type.slice(0, 60)}`;
  return Number(req.headers["content-length"] ?? 0) >= RAW_BYTES_MIN
    ? "its body is large and no message"
    : null;
}

function templateOf(path: string): string {
  return path
    .split("/")
    .map((segment) => (IDENTIFIER.test(segment) ? "{…}" : segment))
    .join("/");
}
