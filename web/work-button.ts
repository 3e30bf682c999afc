/**
 * A button whose work takes time: it says that it works, is not pressed twice, and says what came of it.
 *
 * How far it is, is kept by address and word: a page that is made anew meanwhile shows the same.
 */
import { announce } from "./announce.ts";
import { ApiProblem } from "./api.ts";
import { element } from "./element.ts";

export interface Work {
  readonly word: string;
  readonly working: string;
  /** @returns what came of it. */
  readonly work: () => Promise<string>;
}

const states = new Map<string, { readonly isWorking: boolean; readonly sentence: string }>();

export function workButton(task: Work): HTMLElement {
  const button = element("button", { type: "button", on: { click: (event) => void press(event, task) } });
  const root = element(
    "span",
    { class: "work" },
    button,
    element("span", { class: "outcome", role: "status" }),
  );
  draw(root, task);
  return root;
}

const keyOf = ({ word }: Work): string => `${location.pathname} ${word}`;

function draw(root: Element, task: Work): void {
  const { isWorking, sentence } = states.get(keyOf(task)) ?? { isWorking: false, sentence: "" };
  const [button, outcome] = root.children;
  if (button === undefined || outcome === undefined) return;
  button.textContent = isWorking ? task.working : task.word;
  button.toggleAttribute("data-works", isWorking);
  if (isWorking) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
  if (outcome.textContent !== sentence) outcome.replaceChildren(element("span", {}, sentence));
}

async function press(event: Event, task: Work): Promise<void> {
  const root = event.target instanceof Element ? event.target.closest(".work") : null;
  const key = keyOf(task);
  if (root === null || states.get(key)?.isWorking === true) return;
  states.set(key, { isWorking: true, sentence: "" });
  draw(root, task);
  announce(task.working);
  const sentence = await task.work().catch(sayProblem);
  states.set(key, { isWorking: false, sentence });
  draw(root, task);
}

/** A problem's own sentence. @throws everything that is none. */
export function sayProblem(error: unknown): string {
  if (error instanceof ApiProblem) return error.message;
  throw error;
}
