/**
 * The first page: four answers in sentences, a row for each flow, routes that nobody has described, and nothing else. A quiet day is a quiet page.
 */
import type { Answer, FrontPage } from "../../contract/console-api.ts";
import { readJson } from "../api.ts";
import { CONDITION_SIGNS, CONDITION_WORDS, conditionShape, worstCondition } from "../condition.ts";
import { dataTable } from "../data-table.ts";
import { element } from "../element.ts";
import { flowTable } from "../flow-table.ts";
import { pageLink } from "../page-link.ts";
import { sayCount, sayMany } from "../say.ts";
import { age, setServerTime } from "../server-clock.ts";
import type { Page, PageView } from "./page.ts";

const QUESTIONS: Readonly<Record<Answer["question"], string>> = {
  up: "Is it up?",
  slow: "Is it slow?",
  jobs: "Are jobs failing?",
  change: "Did the last deployment change anything?",
};

/** @param known what the stream of events has told already: then nothing is asked. */
export function frontPage(known: () => FrontPage | null): Page {
  return {
    isLive: true,
    load: async (signal) => {
      const told = known();
      if (told !== null) return frontView(told);
      const front = await readJson<FrontPage>("front", signal);
      setServerTime(front.nowMs);
      return frontView(front);
    },
  };
}

function frontView(front: FrontPage): PageView {
  return {
    title: "Overview",
    sign: CONDITION_SIGNS[worstCondition(front.answers.map(({ condition }) => condition))],
    body: [
      element("h1", { class: "unseen", tabindex: -1 }, "Overview"),
      answerList(front.answers),
      heldNotice(front.held),
      flowSection(front),
      undescribedSection(front.undescribed),
    ],
  };
}

/** The question as a label, for announcements too. */
export const questionOf = (answer: Answer): string => QUESTIONS[answer.question];

function answerList(answers: readonly Answer[]): HTMLElement {
  return element(
    "section",
    { "aria-label": "Four answers" },
    element("ul", { class: "answers" }, answers.map(answerRow)),
  );
}

function answerRow(answer: Answer): HTMLElement {
  const { condition, word, sentence, seenAtMs, link } = answer;
  return element(
    "li",
    { class: condition, "data-key": answer.question },
    conditionShape(condition),
    element("h2", { class: "question" }, questionOf(answer)),
    element(
      "p",
      { class: "answer" },
      element("b", { class: "word", "data-tip": CONDITION_WORDS[condition] }, word),
      " ",
      link === null ? sentence : pageLink(link, sentence),
    ),
    element("p", { class: "seen" }, seenAtMs === null ? "never seen" : ["seen ", age(seenAtMs)]),
  );
}

function heldNotice(held: number): HTMLElement | null {
  if (held === 0) return null;
  return element(
    "p",
    { class: "notice", "data-key": "held" },
    conditionShape("attention"),
    " ",
    element("a", { href: "/held" }, `${sayMany(held, "upload")} wait${held === 1 ? "s" : ""} for a decision`),
  );
}

function flowSection({ flows }: FrontPage): HTMLElement {
  return element(
    "section",
    { "aria-labelledby": "flows", "data-key": "flows" },
    element("h2", { id: "flows" }, "Flows", element("span", { class: "soft" }, ` ${flows.length}`)),
    flows.length === 0 ? firstStart() : flowTable(flows),
  );
}

function firstStart(): HTMLElement {
  return element(
    "div",
    { class: "empty" },
    element(
      "p",
      {},
      "No flow is described yet. A flow is one upload route of your service, with what may pass there.",
    ),
    element("p", {}, "To write the first one from what your service says of itself:"),
    element(
      "pre",
      { tabindex: 0 },
      "sluicegate init --openapi http://127.0.0.1:8000/openapi.json --into flows",
    ),
  );
}

function undescribedSection(routes: FrontPage["undescribed"]): HTMLElement | null {
  if (routes.length === 0) return null;
  return element(
    "section",
    { "aria-labelledby": "undescribed", "data-key": "undescribed" },
    element("h2", { id: "undescribed" }, "Upload routes that no flow describes"),
    dataTable({
      caption: "Upload routes that traffic shows and no flow describes",
      columns: [
        {
          head: "Route",
          cell: ({ method, path }) => element("code", { class: "path" }, `${method} ${path}`),
        },
        { head: "Requests", cell: ({ requests }) => sayCount(requests), isNumber: true },
        { head: "Last seen", cell: ({ lastAtMs }) => age(lastAtMs) },
        { head: "Why it looks like uploads", cell: ({ reason }) => reason },
      ],
      rows: routes,
      keyOf: ({ method, path }) => `${method} ${path}`,
    }),
    element("p", {}, "To write down what they take now:"),
    element("pre", { tabindex: 0 }, "sluicegate init --from-traffic"),
  );
}
