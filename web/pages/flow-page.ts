/**
 * One flow: left what it promises, right how it does; what was changed, what goes wrong, and what is different about it.
 */
import type { FlowPage } from "../../contract/console-api.ts";
import { change, currentSession, readJson } from "../api.ts";
import { CONDITION_SIGNS, conditionBadge } from "../condition.ts";
import { command, copyButton } from "../copy-button.ts";
import { dataTable } from "../data-table.ts";
import { documentList } from "../document-list.ts";
import { type Child, element } from "../element.ts";
import { flowPromise } from "../flow-promise.ts";
import { markList } from "../mark-list.ts";
import { requestTable } from "../request-table.ts";
import { flowPath, RANGES, type Range } from "../routes.ts";
import { sayCount, sayShare } from "../say.ts";
import { age, setServerTime } from "../server-clock.ts";
import { timeCharts } from "../time-charts.ts";
import { workButton } from "../work-button.ts";
import type { Page, PageView } from "./page.ts";

const RANGE_WORDS: Readonly<Record<Range, string>> = {
  "1h": "1 hour",
  "6h": "6 hours",
  "24h": "24 hours",
  "7d": "7 days",
  "30d": "30 days",
};

export function flowPage(name: string, range: Range): Page {
  return {
    isLive: true,
    load: async (signal) => {
      const page = await readJson<FlowPage>(`flows/${encodeURIComponent(name)}?range=${range}`, signal);
      setServerTime(page.nowMs);
      return flowView(page, range);
    },
  };
}

function flowView(page: FlowPage, range: Range): PageView {
  const { row } = page;
  return {
    title: row.name,
    sign: CONDITION_SIGNS[row.condition],
    body: [
      element(
        "header",
        { class: "page-head" },
        element("h1", { tabindex: -1 }, row.name),
        conditionBadge(row.condition, row.word),
        element("p", { class: "summary" }, row.summary),
        element(
          "p",
          { class: "soft seen" },
          row.lastSeenAtMs === null ? "No request seen yet" : ["last request ", age(row.lastSeenAtMs)],
        ),
        actions(page),
      ),
      element(
        "div",
        { class: "two-sides" },
        flowPromise(page),
        element("div", { class: "doing" }, chartSection(page, range), ...lists(page)),
      ),
    ],
  };
}

function actions({ row, commands }: FlowPage): HTMLElement {
  const verify =
    currentSession()?.mayChange === true
      ? workButton({
          word: "Check now",
          working: "Checking: up to two minutes …",
          work: () => change(`flows/${encodeURIComponent(row.name)}/verify`, {}),
        })
      : element(
          "a",
          { href: `/sign-in?next=${encodeURIComponent(flowPath(row.name))}` },
          "Sign in to check now",
        );
  return element(
    "div",
    { class: "actions" },
    verify,
    copyButton(commands.compare, "Copy the command that compares before and since", "Copy compare command"),
    copyButton(commands.verify, "Copy the command that checks this flow", "Copy check command"),
  );
}

function chartSection(page: FlowPage, range: Range): HTMLElement {
  return element(
    "section",
    { "aria-labelledby": "charts", "data-key": "charts" },
    element(
      "div",
      { class: "section-head" },
      element("h2", { id: "charts" }, "How it does"),
      element(
        "nav",
        { class: "ranges", "aria-label": "Time range" },
        RANGES.map((each) =>
          element(
            "a",
            { href: flowPath(page.row.name, each), "aria-current": each === range ? "true" : null },
            RANGE_WORDS[each],
          ),
        ),
      ),
    ),
    timeCharts(page),
    markList(page.marks),
  );
}

/** Quiet flow, quiet page: a list without entries is not there, but for those whose being empty tells something. */
function lists(page: FlowPage): (HTMLElement | null)[] {
  return [
    section(
      "deployments",
      "Deployments, judged",
      page.deployments.length > 0 && deployments(page.deployments),
    ),
    section(
      "differences",
      "What is different about the bad ones",
      page.differences.length > 0 && differences(page),
    ),
    section(
      "failing",
      "Newest failing requests",
      page.failing.length > 0
        ? requestTable(page.failing, "Newest failing requests")
        : element("p", { class: "soft" }, "None in this time."),
    ),
    section(
      "slowest",
      "Slowest requests",
      page.slowest.length > 0 && requestTable(page.slowest, "Slowest requests"),
    ),
    section("refusals", "Refused, by reason", page.refusals.length > 0 && refusals(page.refusals)),
    section(
      "changes",
      "Change records",
      documentList(page.changes, "None yet: the command at the left begins one."),
    ),
    section("drills", "Drills", documentList(page.drills, "None yet: no failure was tried on purpose.")),
  ];
}

function section(id: string, title: string, content: Child): HTMLElement | null {
  if (content === false) return null;
  return element("section", { "aria-labelledby": id, "data-key": id }, element("h2", { id }, title), content);
}

function deployments(rows: FlowPage["deployments"]): HTMLElement {
  return element(
    "ul",
    { class: "deployments" },
    rows.map(({ atMs, label, condition, sentence, command: text }) =>
      element(
        "li",
        { class: condition, "data-key": `${atMs} ${label}` },
        conditionBadge(condition, label),
        " ",
        age(atMs),
        element("p", {}, sentence),
        text === null ? null : command(text, `Copy the command that finds out about ${label}`),
      ),
    ),
  );
}

function differences({ differences: rows }: FlowPage): HTMLElement {
  return dataTable({
    caption: "What is different about the bad requests, most different first",
    class: "differences",
    rows,
    keyOf: ({ property, value }) => `${property} ${value}`,
    columns: [
      { head: "Difference", cell: ({ sentence }) => sentence },
      { head: "Among the bad", cell: ({ badShare }) => shareBar(badShare, "bad-share") },
      { head: "Among the others", cell: ({ goodShare }) => shareBar(goodShare, "good-share") },
    ],
  });
}

const shareBar = (share: number, name: string): HTMLElement =>
  element(
    "span",
    { class: "share" },
    element("span", { class: "figure" }, sayShare(share)),
    element(
      "span",
      { class: "track", "aria-hidden": "true" },
      element("span", { class: name, style: { width: `${Math.max(0, Math.min(1, share)) * 100}%` } }),
    ),
  );

function refusals(rows: FlowPage["refusals"]): HTMLElement {
  return dataTable({
    caption: "Refusals by reason, most frequent first",
    rows,
    keyOf: ({ code }) => code,
    columns: [
      { head: "Reason", cell: ({ title, code }) => [title, element("code", { class: "code" }, code)] },
      { head: "Count", isNumber: true, cell: ({ count }) => sayCount(count) },
      { head: "Last", cell: ({ lastAtMs }) => age(lastAtMs) },
    ],
  });
}
