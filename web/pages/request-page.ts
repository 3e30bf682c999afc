/**
 * One request: what came of it and why, where its time went, and what happened to its upload step by step.
 */
import type { RequestPage } from "../../contract/console-api.ts";
import { readJson } from "../api.ts";
import { copyButton } from "../copy-button.ts";
import { element } from "../element.ts";
import { outcomeWord } from "../request-table.ts";
import { flowPath } from "../routes.ts";
import { sayClock, sayMs } from "../say.ts";
import { age } from "../server-clock.ts";
import { spanList } from "../span-bar.ts";
import type { Page, PageView } from "./page.ts";

export function requestPage(id: string): Page {
  return {
    isLive: false,
    load: async (signal) =>
      requestView(await readJson<RequestPage>(`requests/${encodeURIComponent(id)}`, signal)),
  };
}

function requestView(page: RequestPage): PageView {
  const { row } = page;
  return {
    title: `Request ${row.requestId}`,
    body: [
      element(
        "header",
        { class: "page-head" },
        element("h1", { tabindex: -1, class: "long" }, `Request ${row.requestId}`),
        copyButton(row.requestId, "Copy the request's id"),
        element(
          "p",
          { class: "summary" },
          `${row.status} ${outcomeWord(row.outcome)}, ${sayMs(row.durationMs)}, `,
          age(row.atMs),
          row.flow === null ? " · no flow" : [" · ", element("a", { href: flowPath(row.flow) }, row.flow)],
        ),
        element("p", {}, element("code", { class: "path" }, `${row.method} ${row.path}`)),
      ),
      explanation(page),
      times(page),
      steps(page),
      facts(page),
    ],
  };
}

function explanation({ explanation: told }: RequestPage): HTMLElement | null {
  if (told === null) return null;
  return element(
    "section",
    { "aria-labelledby": "why", class: "why" },
    element("h2", { id: "why" }, told.title),
    element("p", {}, told.sentence),
    told.remedy === null ? null : element("p", {}, element("b", {}, "What to do: "), told.remedy),
    element("p", {}, element("code", { class: "code" }, told.code)),
  );
}

function times({ row }: RequestPage): HTMLElement {
  return element(
    "section",
    { "aria-labelledby": "times" },
    element("h2", { id: "times" }, "Where the time went"),
    spanList(row.spans, row.durationMs),
    row.spans.length === 0 ? element("p", { class: "soft" }, "No part of it was told.") : null,
  );
}

function steps({ row, steps: told, uploadId }: RequestPage): HTMLElement | null {
  if (told.length === 0) return null;
  return element(
    "section",
    { "aria-labelledby": "steps" },
    element("h2", { id: "steps" }, "What happened to the upload"),
    uploadId === null
      ? null
      : element(
          "p",
          {},
          element("code", { class: "id" }, uploadId),
          " ",
          copyButton(uploadId, "Copy the upload's id"),
        ),
    element(
      "ol",
      { class: "steps" },
      told.map(({ atMs, sentence }) =>
        element(
          "li",
          {},
          element("time", { datetime: new Date(atMs).toISOString(), class: "soft" }, sayClock(atMs, true)),
          " ",
          element("span", { class: "soft offset" }, `+${sayMs(Math.max(0, atMs - row.atMs))}`),
          " ",
          sentence,
        ),
      ),
    ),
  );
}

function facts({ facts: told, traceId }: RequestPage): HTMLElement {
  const fact = (label: string, value: string): HTMLElement[] => [
    element("dt", {}, label),
    element("dd", {}, value),
  ];
  return element(
    "section",
    { "aria-labelledby": "facts" },
    element("h2", { id: "facts" }, "What is known of it"),
    element("p", {}, copyButton(traceId, "Copy the trace's id", "Copy trace id")),
    element(
      "dl",
      { class: "facts" },
      told.map(({ label, value }) => fact(label, value)),
      told.some(({ value }) => value === traceId) ? null : fact("Trace", traceId),
    ),
  );
}
