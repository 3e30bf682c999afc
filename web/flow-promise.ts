/**
 * What a flow promises, who answers for it, and the way back: the left side of its page.
 */
import type { FlowPage } from "../contract/console-api.ts";
import { command } from "./copy-button.ts";
import { element } from "./element.ts";

const MODE_SENTENCES = {
  enforce: "Enforced: what breaks the promise is refused.",
  observe: "Observed only: everything reaches the service, what would be refused is counted.",
  off: "Off: everything reaches the service, nothing is judged.",
} as const;

export function flowPromise({ row, promise, commands }: FlowPage): HTMLElement {
  return element(
    "section",
    { class: "promise", "aria-labelledby": "promise" },
    element("h2", { id: "promise" }, "What is promised"),
    element("p", {}, element("code", { class: "path" }, `${promise.method} ${promise.path}`)),
    element("p", { class: "soft" }, MODE_SENTENCES[row.mode]),
    element(
      "ul",
      { class: "sentences" },
      promise.sentences.map((sentence) => element("li", {}, sentence)),
    ),
    element(
      "dl",
      { class: "facts" },
      fact("Owner", row.owner === "" ? "nobody is named" : row.owner),
      promise.noticed === null ? null : fact("Noticed by", promise.noticed),
      fact("Version of the flow", promise.policyVersion),
    ),
    rollback(promise.rollback),
    element("h3", {}, "In a terminal"),
    command(commands.measure, "Copy the command that measures this flow"),
    command(commands.newChange, "Copy the command that begins a change record"),
  );
}

function rollback({ note, command: back, tried }: FlowPage["promise"]["rollback"]): HTMLElement {
  return element(
    "div",
    { class: "rollback" },
    element("h3", {}, "The way back"),
    note === null && back === null ? element("p", {}, "No rollback is written down for this flow.") : null,
    note === null ? null : element("p", {}, note),
    back === null ? null : command(back, "Copy the rollback command"),
    element("p", { class: "soft" }, tried ?? "Nobody has tried it yet."),
  );
}

const fact = (label: string, value: string): HTMLElement[] => [
  element("dt", {}, label),
  element("dd", {}, value),
];
