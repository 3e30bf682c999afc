/**
 * Addresses of the page: read, and made. The server's list of them is in `src/console/send-page.ts`.
 */
export const RANGES = ["1h", "6h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

export type Route =
  | { readonly page: "front" }
  | { readonly page: "flow"; readonly name: string; readonly range: Range }
  | { readonly page: "request"; readonly id: string }
  | { readonly page: "held" }
  | {
      readonly page: "document";
      readonly flow: string;
      readonly kind: "change" | "drill";
      readonly name: string;
    }
  | { readonly page: "sign-in"; readonly next: string }
  | { readonly page: "nowhere"; readonly path: string };

/** What an address shows. A part that is no valid percent-encoding leads nowhere. */
export function readRoute(url: URL): Route {
  const parts = url.pathname.split("/").slice(1).map(decodePart);
  const [first = "", second = "", third = "", fourth = ""] = parts;
  const count = parts.length;
  if (url.pathname === "/") return { page: "front" };
  if (count === 1 && first === "held") return { page: "held" };
  if (first === "sign-in") return { page: "sign-in", next: pagePath(url.searchParams.get("next")) };
  if (count === 2 && first === "requests" && second !== "") return { page: "request", id: second };
  if (count === 2 && first === "flows" && second !== "")
    return { page: "flow", name: second, range: readRange(url.searchParams.get("range")) };
  if (count === 4 && first === "flows" && (third === "changes" || third === "drills") && fourth !== "")
    return { page: "document", flow: second, kind: third === "changes" ? "change" : "drill", name: fourth };
  return { page: "nowhere", path: url.pathname };
}

export const flowPath = (name: string, range: Range = "1h"): string =>
  `/flows/${encodeURIComponent(name)}${range === "1h" ? "" : `?range=${range}`}`;

export const requestPath = (id: string): string => `/requests/${encodeURIComponent(id)}`;

/** A path of this page: begins with one slash. Anything else, whoever said it, becomes `/`. */
export function pagePath(path: string | null): string {
  return path !== null && isPagePath(path) ? path : "/";
}

/** Whether a link that came with data leads to somewhere on this page, and not, as `//host` or `/\host`, away from it. */
export const isPagePath = (path: string): boolean => /^\/(?![/\\])/.test(path) && !/\p{Cc}/u.test(path);

const readRange = (text: string | null): Range => RANGES.find((range) => range === text) ?? "1h";

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
