/**
 * Where a request's time went: a small bar in one row of a table, and the same with figures on the request's own page.
 *
 * The parts add up to no more than the whole: what the service says of its database is taken out of its own time.
 */
import type { RequestRow } from "../contract/console-api.ts";
import { element } from "./element.ts";
import { sayMs } from "./say.ts";

/** What the parts are, for whoever reads them for the first time. */
const MEANINGS: Readonly<Record<string, string>> = {
  permit: "asking whether it may",
  recv: "receiving the upload",
  inspect: "looking into the files",
  store: "storing them",
  app: "the service's own work, without its database",
  db: "the service's database",
  wait: "waiting for the service",
  total: "all of it",
};

type Spans = RequestRow["spans"];

export const spanMeaning = (name: string): string => MEANINGS[name] ?? name;

/** Longest part in words, all parts as a bar. */
export function spanBar(spans: Spans): HTMLElement {
  const longest = spans.reduce<Spans[number] | null>((a, b) => (a === null || b.ms > a.ms ? b : a), null);
  if (longest === null) return element("span", { class: "soft" }, "not told");
  const all = spans.map(({ name, ms }) => `${name} ${sayMs(ms)}`).join(", ");
  return element(
    "span",
    { class: "spans", "data-tip": all, tabindex: 0 },
    element("span", { class: "bar", "aria-hidden": "true" }, segments(spans)),
    element("span", { class: "unseen" }, `${all}. `),
    element("span", { "aria-hidden": "true" }, `mostly ${longest.name}`),
  );
}

const segments = (spans: Spans): HTMLElement[] =>
  spans.map(({ name, ms }) =>
    element("span", {
      class: `segment span-${knownName(name)}`,
      style: { "flex-grow": String(Math.max(0, ms)) },
    }),
  );

const knownName = (name: string): string => (name in MEANINGS ? name : "other");

/** A row for each part: name, what it is, time, and its length beside the whole. */
export function spanList(spans: Spans, durationMs: number): HTMLElement {
  const longest = Math.max(durationMs, 1e-9, ...spans.map(({ ms }) => ms));
  const line = (name: string, meaning: string, ms: number): HTMLElement =>
    element(
      "tr",
      { role: "row" },
      element(
        "th",
        { scope: "row", role: "rowheader" },
        name,
        element("span", { class: "soft" }, ` ${meaning}`),
      ),
      element("td", { role: "cell", class: "number" }, sayMs(ms)),
      element(
        "td",
        { role: "cell", class: "length", "aria-hidden": "true" },
        element("span", {
          class: `segment span-${knownName(name)}`,
          style: { width: `${(ms / longest) * 100}%` },
        }),
      ),
    );
  return element(
    "table",
    { role: "table", class: "span-list" },
    element("caption", { class: "unseen" }, "Where the time went"),
    element("tbody", { role: "rowgroup" }, [
      line("total", MEANINGS.total ?? "", durationMs),
      ...spans.map(({ name, ms }) => line(name, name in MEANINGS ? spanMeaning(name) : "", ms)),
    ]),
  );
}
