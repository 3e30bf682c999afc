/**
 * What was changed, in the charts' own time: numbers above the charts, and the same numbers with words in a list below.
 */
import type { ChartMark } from "../contract/console-api.ts";
import { type TimeSpan, timePosition } from "./chart-scale.ts";
import { element } from "./element.ts";
import { pageLink } from "./page-link.ts";
import { age } from "./server-clock.ts";

/** Numbers nearer than this are written as one: `3–5`. */
const TOGETHER = 0.03;

const KIND_WORDS: Readonly<Record<string, string>> = {
  deploy: "Deployment",
  version: "New version seen",
  flow: "Flow file edited",
  mode: "Mode changed",
  change: "Change record",
  drill: "Drill",
  start: "Gate started",
  stop: "Gate stopped",
};

/** Positioned as the charts' times are. */
export function markNumbers(marks: readonly ChartMark[], span: TimeSpan): HTMLElement {
  const groups: { at: number; from: number; to: number }[] = [];
  for (const [index, { atMs }] of marks.entries()) {
    const at = timePosition(atMs, span);
    if (at < 0 || at > 1) continue;
    const last = groups.at(-1);
    if (last !== undefined && Math.abs(at - last.at) < TOGETHER) last.to = index + 1;
    else groups.push({ at, from: index + 1, to: index + 1 });
  }
  return element(
    "div",
    { class: "mark-numbers", "aria-hidden": "true" },
    groups.map(({ at, from, to }) =>
      element("span", { style: { left: `${at * 100}%` } }, from === to ? from : `${from}–${to}`),
    ),
  );
}

/** `gate started` says no more than the word before it. */
const saidOnce = ({ kind, label }: ChartMark): string =>
  label.toLowerCase() === KIND_WORDS[kind]?.toLowerCase() ? "" : label;

/** Empty where nothing was changed. */
export function markList(marks: readonly ChartMark[]): HTMLElement | null {
  if (marks.length === 0) return null;
  return element(
    "ol",
    { class: "marks" },
    marks.map((mark) =>
      element(
        "li",
        { "data-key": `${mark.atMs} ${mark.kind} ${mark.label}` },
        element("b", {}, KIND_WORDS[mark.kind] ?? mark.kind),
        " ",
        mark.link === null ? element("span", {}, saidOnce(mark)) : pageLink(mark.link, mark.label),
        mark.detail === null ? null : element("span", { class: "soft" }, ` ${mark.detail}`),
        " ",
        age(mark.atMs),
      ),
    ),
  );
}
