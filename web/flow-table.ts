/**
 * A row for each flow, with a word to find some of them.
 */
import type { FlowRow } from "../contract/console-api.ts";
import { conditionBadge } from "./condition.ts";
import { type Column, dataTable } from "./data-table.ts";
import { type Child, element } from "./element.ts";
import { navigate } from "./navigate.ts";
import { flowPath } from "./routes.ts";
import { NOTHING, sayCount, sayMany, sayMs, sayShare } from "./say.ts";
import { age } from "./server-clock.ts";
import { sparkLine } from "./spark-line.ts";

/** From here on finding one by eye takes longer than by a word. */
const FIND_FROM = 6;
/** What is looked for; it stays while the page is brought up to date. */
let wanted = "";

const COLUMNS: readonly Column<FlowRow>[] = [
  { head: "Flow", class: "name", cell: nameCell },
  { head: "State", cell: ({ condition, word }) => conditionBadge(condition, word) },
  {
    head: "p95, last hour",
    class: "time",
    tip: "95 of 100 accepted uploads took the service less than this. Below: what the flow expects.",
    cell: timeCell,
  },
  {
    head: "Failures",
    isNumber: true,
    tip: "Uploads that went wrong: an answer of 5xx, none, or not the promised one. A refusal that the flow promises is no failure.",
    cell: failureCell,
  },
  {
    head: "Refused",
    isNumber: true,
    tip: "Uploads turned away as the flow promises.",
    cell: (row) => share(row.refusedShare),
  },
  {
    head: "Cache hits",
    isNumber: true,
    tip: "Answers that came from a cache.",
    cell: (row) => share(row.cacheHitShare),
  },
  {
    head: "DB calls",
    isNumber: true,
    tip: "Calls to the database, on average for an upload.",
    cell: databaseCell,
  },
  { head: "Last check", class: "event", cell: checkCell },
  { head: "Last change", class: "event", cell: changeCell },
];

export function flowTable(flows: readonly FlowRow[]): HTMLElement {
  const table = dataTable({
    caption: "Flows, with their figures of the last hour",
    class: "flows",
    columns: COLUMNS,
    rows: flows,
    keyOf: ({ name }) => name,
    rowClass: ({ condition }) => condition,
    onOpen: ({ name }) => navigate(flowPath(name)),
  });
  filterRows(table, flows);
  return element("div", {}, flows.length < FIND_FROM ? null : finder(flows), table);
}

function finder(flows: readonly FlowRow[]): HTMLElement {
  return element(
    "div",
    { class: "finder", role: "search" },
    element("label", { for: "find" }, "Find a flow "),
    element("input", {
      id: "find",
      type: "search",
      autocomplete: "off",
      spellcheck: "false",
      on: {
        input: (event) => {
          wanted = (event.target as HTMLInputElement).value.trim().toLowerCase();
          const table = document.querySelector<HTMLElement>("table.flows");
          if (table !== null) filterRows(table, flows);
        },
      },
    }),
    element("output", { id: "found", for: "find" }, foundText(flows)),
  );
}

const isWanted = ({ name, owner, word, mode, summary }: FlowRow): boolean =>
  [name, owner, word, mode, summary].some((text) => text.toLowerCase().includes(wanted));

const foundText = (flows: readonly FlowRow[]): string =>
  wanted === "" ? "" : `${flows.filter(isWanted).length} of ${flows.length}`;

function filterRows(table: HTMLElement, flows: readonly FlowRow[]): void {
  for (const [index, row] of [...table.querySelectorAll<HTMLElement>("tbody tr")].entries()) {
    const flow = flows[index];
    row.hidden = flow !== undefined && !isWanted(flow);
  }
  const found = document.querySelector("#found");
  if (found !== null) found.textContent = foundText(flows);
}

/** Nothing is known: a dash to the eye, words to the ear; on a phone the cell is left out. */
const nothing = (): HTMLElement =>
  element(
    "span",
    { class: "soft nothing" },
    element("span", { "aria-hidden": "true" }, NOTHING),
    element("span", { class: "unseen" }, "not known"),
  );

function nameCell({ name, owner, mode, summary }: FlowRow): Child {
  return [
    element(
      "a",
      { href: flowPath(name), "data-item": true, "data-tip": summary === "" ? null : summary },
      name,
    ),
    mode === "enforce" ? null : element("span", { class: "mode" }, mode === "off" ? "off" : "observe only"),
    element("span", { class: "owner soft" }, owner === "" ? "no owner" : owner),
  ];
}

function timeCell(row: FlowRow): Child {
  const { ms, limitMs } = row.p95;
  if (ms === null) return nothing();
  return [
    sparkLine(row),
    element(
      "span",
      { class: "figure" },
      sayMs(ms),
      limitMs === null ? null : element("span", { class: "soft" }, ` of ${sayMs(limitMs)}`),
    ),
  ];
}

function failureCell({ failures, requests }: FlowRow): Child {
  if (failures.share === null) return nothing();
  const tip = `${sayCount(failures.count)} of ${sayMany(requests, "request")} in the last hour`;
  return [
    element(
      "span",
      { "data-tip": tip, class: failures.count === 0 ? "soft" : null },
      sayShare(failures.share),
    ),
    failures.limitShare === null || failures.count === 0
      ? null
      : element("span", { class: "soft small" }, ` of ${sayShare(failures.limitShare)}`),
  ];
}

function databaseCell({ databaseCalls: { mean, limit } }: FlowRow): Child {
  if (mean === null) return nothing();
  return [
    sayCount(mean),
    limit === null ? null : element("span", { class: "soft small" }, ` of ${sayCount(limit)}`),
  ];
}

const share = (value: number | null): Child => (value === null ? nothing() : sayShare(value));

function checkCell({ lastCheck }: FlowRow): Child {
  if (lastCheck === null) return element("span", { class: "soft" }, "never");
  const { atMs, sentence, condition } = lastCheck;
  return [conditionBadge(condition, sentence), " ", age(atMs)];
}

function changeCell({ lastChange }: FlowRow): Child {
  if (lastChange === null) return nothing();
  return [element("span", { class: "label" }, lastChange.label), " ", age(lastChange.atMs)];
}
