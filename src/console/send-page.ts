/**
 * Sends the console's page and its assets over HTTP: one policy for what a browser may do there, answers of 304, and the smallest encoding that is understood.
 *
 * In: assets of `page-assets.ts`, a request. Out: whether the request was one for the page; if so it is answered.
 * It never answers below `/api/`, and reads no body.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { PageAsset, PageAssets } from "./page-assets.ts";

/** What goes with every asset. */
const ASSET_HEADERS: Readonly<Record<string, string>> = {
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** What a browser is told of the page. Trusted Types: no text becomes markup, whatever it holds. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...ASSET_HEADERS,
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy":
    "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
};

/** Addresses that the page shows something for, whatever their names hold; `web/routes.ts` is its own reading of them. */
const PAGE_PATH = /^\/(?:held|sign-in|flows\/[^/]+(?:\/(?:changes|drills)\/[^/]+)?|requests\/[^/]+)?$/;
/** Others that a person may have typed: the page says that there is nothing. A dot in the last part is a file's. */
const TYPED_PATH = /^\/(?!api\/|assets\/)(?:[^/]+\/)*[^/.]*$/;

/** The asset for a path without its query: one of `/assets/`, or the page itself for what a browser shows as a page; else `undefined`. */
function findPageAsset(assets: PageAssets, path: string, accept = ""): PageAsset | undefined {
  const isPage = PAGE_PATH.test(path) || (accept.includes("text/html") && TYPED_PATH.test(path));
  return assets.get(isPage ? "/" : path);
}

/**
 * Answers a GET or HEAD of the page or one of its assets.
 * @returns false, with nothing done, for every other request.
 * @see RFC 9110 sections 8.4, 12.5.3 and 13.1.2
 */
export function sendPage(assets: PageAssets, req: IncomingMessage, res: ServerResponse): boolean {
  if (req.method !== "GET" && req.method !== "HEAD") return false;
  const asset = findPageAsset(assets, (req.url ?? "/").split("?", 1)[0] ?? "/", req.headers.accept);
  if (asset === undefined) return false;
  const headers = {
    ...(asset.path === "/" ? PAGE_HEADERS : ASSET_HEADERS),
    etag: asset.etag,
    vary: "accept-encoding",
    "cache-control": lifetime(asset),
  };
  if (isKnown(req.headers["if-none-match"], asset.etag)) {
    res.writeHead(304, headers).end();
    return true;
  }
  const { body, encoding } = encode(asset, req.headers["accept-encoding"]);
  res.writeHead(200, {
    ...headers,
    "content-type": asset.type,
    "content-length": body.length,
    ...(encoding === null ? {} : { "content-encoding": encoding }),
  });
  res.end(req.method === "HEAD" ? undefined : body);
  return true;
}

const lifetime = (asset: PageAsset): string =>
  asset.path === "/" ? "no-cache" : "public, max-age=31536000, immutable";

/** Weak comparison: an encoded answer has the tag of the plain one (RFC 9110 section 13.1.2). */
const isKnown = (header: string | undefined, etag: string): boolean =>
  header?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag) ?? false;

function encode(asset: PageAsset, accepted = ""): { body: Buffer; encoding: "br" | "gzip" | null } {
  if (accepts(accepted, "br")) return { body: asset.brotli, encoding: "br" };
  if (accepts(accepted, "gzip")) return { body: asset.gzip, encoding: "gzip" };
  return { body: asset.bytes, encoding: null };
}

const accepts = (header: string, coding: string): boolean =>
  header.split(",").some((each) => {
    const [name, ...parameters] = each
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
