/**
 * Change records or drill reports, newest first.
 */
import type { DocumentRow } from "../contract/console-api.ts";
import { conditionBadge } from "./condition.ts";
import { element } from "./element.ts";
import { pageLink } from "./page-link.ts";
import { age } from "./server-clock.ts";

/** `otherwise` stands where there is none. */
export function documentList(rows: readonly DocumentRow[], otherwise: string): HTMLElement {
  if (rows.length === 0) return element("p", { class: "soft" }, otherwise);
  return element(
    "ul",
    { class: "documents" },
    rows.map(({ name, title, condition, word, atMs, link }) =>
      element(
        "li",
        { "data-key": name },
        conditionBadge(condition, word),
        " ",
        pageLink(link, title === "" ? name : title),
        " ",
        atMs === null ? null : age(atMs),
      ),
    ),
  );
}
