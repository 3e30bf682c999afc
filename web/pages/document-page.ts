/**
 * A change record or the report of a drill, as it lies in the flow's folder.
 */
import type { DocumentPage } from "../../contract/console-api.ts";
import { readJson } from "../api.ts";
import { conditionBadge } from "../condition.ts";
import { element } from "../element.ts";
import { readMarkdown } from "../markdown.ts";
import { markdownView } from "../markdown-view.ts";
import { flowPath } from "../routes.ts";
import { age } from "../server-clock.ts";
import type { Page, PageView } from "./page.ts";

export function documentPage(flow: string, kind: "change" | "drill", name: string): Page {
  const path = ["documents", flow, kind, name].map(encodeURIComponent).join("/");
  return {
    isLive: false,
    load: async (signal) => documentView(flow, await readJson<DocumentPage>(path, signal)),
  };
}

function documentView(flow: string, { row, markdown }: DocumentPage): PageView {
  const title = row.title === "" ? row.name : row.title;
  return {
    title,
    body: [
      element(
        "header",
        { class: "page-head" },
        element(
          "p",
          { class: "soft of" },
          row.kind === "change" ? "Change record of " : "Drill of ",
          element("a", { href: flowPath(flow) }, flow),
        ),
        element("h1", { tabindex: -1 }, title),
        conditionBadge(row.condition, row.word),
        " ",
        row.atMs === null ? null : age(row.atMs),
      ),
      element("article", { class: "document" }, markdownView(readMarkdown(markdown), title)),
    ],
  };
}
