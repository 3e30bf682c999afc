/**
 * Requests, newest or slowest first, each with where its time went.
 */
import type { RequestRow } from "../contract/console-api.ts";
import { dataTable } from "./data-table.ts";
import { element } from "./element.ts";
import { navigate } from "./navigate.ts";
import { requestPath } from "./routes.ts";
import { sayMs } from "./say.ts";
import { age } from "./server-clock.ts";
import { spanBar } from "./span-bar.ts";

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  accepted: "accepted",
  refused: "refused as promised",
  wrong: "wrong answer",
  failed: "failed",
  aborted: "broken off by the client",
  passed: "passed by",
};

export const outcomeWord = (outcome: string): string => OUTCOME_WORDS[outcome] ?? outcome;

/** `caption` for whoever hears it. */
export function requestTable(rows: readonly RequestRow[], caption: string): HTMLElement {
  return dataTable({
    caption,
    class: "requests",
    rows,
    keyOf: ({ requestId }) => requestId,
    onOpen: ({ requestId }) => navigate(requestPath(requestId)),
    columns: [
      {
        head: "Request",
        cell: ({ requestId }) =>
          element(
            "a",
            { href: requestPath(requestId), class: "id", "data-item": true, "data-tip": requestId },
            shortId(requestId),
          ),
      },
      { head: "When", cell: ({ atMs }) => age(atMs) },
      {
        head: "Answer",
        cell: ({ status, outcome, code }) => [
          `${status} ${outcomeWord(outcome)}`,
          code === null ? null : element("code", { class: "code" }, code),
        ],
      },
      { head: "Took", isNumber: true, cell: ({ durationMs }) => sayMs(durationMs) },
      { head: "Where the time went", class: "where", cell: ({ spans }) => spanBar(spans) },
    ],
  });
}

const ID_CHARS_MAX = 12;

/** The end of an id that is made of time first differs most. */
const shortId = (id: string): string => (id.length <= ID_CHARS_MAX ? id : `…${id.slice(1 - ID_CHARS_MAX)}`);
