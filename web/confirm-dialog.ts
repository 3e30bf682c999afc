/**
 * Asks before something is done that cannot be taken back: says what happens, does it, says what came of it. Escape and the first button do nothing.
 */
import { announce } from "./announce.ts";
import { element } from "./element.ts";
import { sayProblem } from "./work-button.ts";

export interface Confirmation {
  readonly title: string;
  readonly sentences: readonly string[];
  /** Has to be ticked first; `null`: nothing has to. */
  readonly acknowledgement: string | null;
  readonly asksReason: boolean;
  readonly word: string;
  readonly isDanger: boolean;
  /** @returns what came of it. @throws ApiProblem */
  readonly work: (reason: string) => Promise<string>;
}

/** @returns whether it was done. */
export function confirmDialog(asked: Confirmation): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const problem = element("p", { class: "problem", role: "alert" });
  const reason = element("input", {
    id: "confirm-reason",
    type: "text",
    maxlength: 200,
    autocomplete: "off",
  });
  const tick = element("input", { id: "confirm-tick", type: "checkbox" });
  tick.required = asked.acknowledgement !== null;
  const confirm = element(
    "button",
    { type: "submit", class: asked.isDanger ? "danger" : "primary" },
    asked.word,
  );
  const dialog = element(
    "dialog",
    { "aria-labelledby": "confirm-title", class: "confirm" },
    element(
      "form",
      { on: { submit: (event) => void submit(event) } },
      element("h2", { id: "confirm-title" }, asked.title),
      asked.sentences.map((sentence) => element("p", {}, sentence)),
      asked.acknowledgement === null
        ? null
        : element(
            "p",
            { class: "tick" },
            tick,
            element("label", { for: "confirm-tick" }, asked.acknowledgement),
          ),
      asked.asksReason
        ? element(
            "p",
            {},
            element("label", { for: "confirm-reason" }, "Why (for the record, may be empty)"),
            reason,
          )
        : null,
      problem,
      element(
        "p",
        { class: "actions" },
        element(
          "button",
          { type: "button", autofocus: true, on: { click: () => dialog.close() } },
          "Leave it as it is",
        ),
        confirm,
      ),
    ),
  );
  let isDone = false;

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    confirm.disabled = true;
    const sentence = await asked.work(reason.value.trim()).then(
      (said) => {
        isDone = true;
        return said;
      },
      (error: unknown) => sayProblem(error),
    );
    confirm.disabled = false;
    if (!isDone) {
      problem.textContent = sentence;
      return;
    }
    announce(sentence);
    dialog.close();
  }

  dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(isDone);
  });
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}
