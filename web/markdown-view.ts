/**
 * A Markdown document as elements. Headings begin below the page's own; links lead to http(s) or to this page, everything else stays text.
 */
import { type Child, element } from "./element.ts";
import type { Block, Inline, ListItem } from "./markdown.ts";
import { pageLink } from "./page-link.ts";
import { readRoute } from "./routes.ts";

/** `title`: the page's own heading; the document's first one is left out where it says the same. */
export function markdownView(blocks: readonly Block[], title: string): readonly Child[] {
  const first = blocks.findIndex(({ kind }) => kind === "heading");
  const heading = blocks[first];
  const isTitle = heading?.kind === "heading" && heading.level === 1 && plainText(heading.text) === title;
  const shown = isTitle ? blocks.filter((_, index) => index !== first) : blocks;
  const levels = shown.flatMap((block) => (block.kind === "heading" ? [block.level] : []));
  return new HeadingLevels(levels).view(shown);
}

/** Levels of the document → h2 and below, none skipped on the way down. */
class HeadingLevels {
  readonly #used: readonly number[];

  constructor(levels: readonly number[]) {
    this.#used = [...new Set(levels)].sort();
  }

  view(blocks: readonly Block[]): readonly Child[] {
    let now = 1;
    return blocks.map((block) => {
      if (block.kind !== "heading") return blockView(block);
      now = Math.min(now + 1, this.#used.indexOf(block.level) + 2);
      return element(`h${Math.min(6, now) as 2 | 3 | 4 | 5 | 6}`, {}, inlineView(block.text));
    });
  }
}

function blockView(block: Exclude<Block, { kind: "heading" }>): Child {
  switch (block.kind) {
    case "paragraph":
      return element("p", {}, inlineView(block.text));
    case "quote":
      return element("blockquote", {}, inlineView(block.text));
    case "code":
      return element("pre", { tabindex: 0 }, block.text);
    case "rule":
      return element("hr");
    case "list":
      return listView(block.isOrdered, block.items);
    case "facts":
      return element("dl", { class: "facts" }, block.rows.map(factView));
    case "table":
      return tableView(block.head, block.rows);
  }
}

const factView = ([name, value]: readonly [string, string]): HTMLElement[] => [
  element("dt", {}, name),
  element("dd", { class: "as-written" }, value),
];

function listView(isOrdered: boolean, items: readonly ListItem[]): HTMLElement {
  const made = items.map(({ depth, isDone, text }) =>
    element(
      "li",
      { class: `depth-${Math.min(depth, 4)}` },
      isDone === null ? null : element("b", {}, isDone ? "✓ done: " : "○ open: "),
      inlineView(text),
    ),
  );
  return isOrdered ? element("ol", {}, made) : element("ul", {}, made);
}

function tableView(
  head: readonly (readonly Inline[])[],
  rows: readonly (readonly (readonly Inline[])[])[],
): HTMLElement {
  return element(
    "div",
    { class: "scrolls", tabindex: 0, role: "group", "aria-label": "Table" },
    element(
      "table",
      { class: "wide" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          head.map((cell) => element("th", { scope: "col" }, inlineView(cell))),
        ),
      ),
      element(
        "tbody",
        {},
        rows.map((row) =>
          element(
            "tr",
            {},
            row.map((cell) => element("td", {}, inlineView(cell))),
          ),
        ),
      ),
    ),
  );
}

const inlineView = (parts: readonly Inline[]): readonly Child[] =>
  parts.map((part) => {
    if (part.kind === "text") return part.text;
    if (part.kind === "code") return element("code", {}, part.text);
    if (part.kind === "link") return pageLink(fromHere(part.address), inlineView(part.children));
    return element(part.kind === "strong" ? "strong" : "em", {}, inlineView(part.children));
  });

/** A relative link between documents of a flow (`0002-index.md`) is one between their pages. */
function fromHere(address: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(address) || !URL.canParse(address, location.href)) return address;
  const url = new URL(address.replace(/\.md$/, ""), location.href);
  const isHere = url.origin === location.origin && readRoute(url).page !== "nowhere";
  return isHere ? url.pathname + url.search : "";
}

const plainText = (parts: readonly Inline[]): string =>
  parts
    .map((part) => (part.kind === "text" || part.kind === "code" ? part.text : plainText(part.children)))
    .join("");
