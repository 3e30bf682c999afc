/**
 * Links whose address came with data: to this page, or by http(s) to elsewhere; everything else is shown as the text that it is.
 */
import { type Child, element } from "./element.ts";
import { isPagePath } from "./routes.ts";

/** Schemes that lead nowhere but to a page: no `javascript:`, no `data:`. */
const OUTSIDE = /^https?:\/\/[^/\\\s]/i;

export function pageLink(address: string, ...children: readonly Child[]): HTMLElement {
  if (isPagePath(address)) return element("a", { href: address }, children);
  if (OUTSIDE.test(address) && URL.canParse(address))
    return element("a", { href: address, rel: "noreferrer noopener", class: "outside" }, children);
  return element("span", {}, children);
}
