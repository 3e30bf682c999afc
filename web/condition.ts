/**
 * A condition as everything on the page shows it: a shape and a word; the colour comes on top and says nothing of its own.
 */
import type { Condition } from "../contract/console-api.ts";
import { element, svg } from "./element.ts";

/** For titles and for ears: what a shape means. */
export const CONDITION_WORDS: Readonly<Record<Condition, string>> = {
  good: "Good",
  attention: "Look at this",
  bad: "Bad",
  unknown: "Not known",
  stale: "Old data",
};

/** A character for places without pictures: the title of the browser's tab. */
export const CONDITION_SIGNS: Readonly<Record<Condition, string>> = {
  good: "✓",
  attention: "▲",
  bad: "✕",
  unknown: "?",
  stale: "…",
};

/** Outline and inner mark, in a square of 16. */
const SHAPES: Readonly<Record<Condition, readonly [string, string]>> = {
  good: ["M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z", "M4.8 8.3l2.2 2.2 4.3-4.7"],
  attention: ["M8 1.2 15.4 14.6H.6z", "M8 5.8v4M8 11.8v.6"],
  bad: ["M1.5 1.5h13v13h-13z", "M5 5l6 6M11 5l-6 6"],
  unknown: ["M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z", "M6 6.3a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.2M8 11.6v.5"],
  stale: ["M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z", "M8 4v4.2l2.6 1.6"],
};

/** The shape alone, for where the word stands beside it. */
export function conditionShape(condition: Condition): SVGSVGElement {
  const [outline, inner] = SHAPES[condition];
  return svg(
    "svg",
    { class: `shape ${condition}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "outline", d: outline }),
    svg("path", { class: "inner", d: inner }),
  );
}

/** Shape and word. */
export function conditionBadge(condition: Condition, word: string): HTMLElement {
  return element("span", { class: `badge ${condition}` }, conditionShape(condition), element("b", {}, word));
}

/** Worst first. */
const ORDER: readonly Condition[] = ["bad", "stale", "attention", "unknown", "good"];

/** The one that a tab's title shows. */
export function worstCondition(conditions: readonly Condition[]): Condition {
  return ORDER.find((each) => conditions.includes(each)) ?? "unknown";
}
