/**
 * Uploads that wait for a person: what each one is, why it waits, and the decision.
 */
import type { HeldUpload } from "../../contract/console-api.ts";
import { change, currentSession, readJson } from "../api.ts";
import { conditionShape } from "../condition.ts";
import { confirmDialog } from "../confirm-dialog.ts";
import { element } from "../element.ts";
import { REFRESH } from "../frame-events.ts";
import { flowPath } from "../routes.ts";
import { sayBytes, sayMany } from "../say.ts";
import { age } from "../server-clock.ts";
import type { Page, PageView } from "./page.ts";

type Action = HeldUpload["actions"][number];

const ACTION_WORDS: Readonly<Record<Action, string>> = { retry: "Send it again", "give-up": "Give it up" };

export function heldPage(): Page {
  return {
    isLive: true,
    load: async (signal) => heldView((await readJson<{ uploads: HeldUpload[] }>("held", signal)).uploads),
  };
}

function heldView(uploads: readonly HeldUpload[]): PageView {
  return {
    title: `Held uploads (${uploads.length})`,
    body: [
      element("h1", { tabindex: -1 }, "Uploads that wait for a decision"),
      signInHint(uploads.length),
      uploads.length === 0
        ? element(
            "p",
            { class: "empty" },
            "None. What is held back, or could not be delivered, would stand here.",
          )
        : element("ul", { class: "held" }, uploads.map(heldUpload)),
    ],
  };
}

function signInHint(count: number): HTMLElement | null {
  if (count === 0 || currentSession()?.mayChange === true) return null;
  return element(
    "p",
    { class: "notice" },
    element("a", { href: "/sign-in?next=/held" }, "Sign in"),
    " to decide. Looking needs no more than this page.",
  );
}

function heldUpload(upload: HeldUpload): HTMLElement {
  const { id, flow, state, sinceMs, sentence, tries, nextTryAtMs } = upload;
  return element(
    "li",
    { "data-key": id },
    element(
      "h2",
      {},
      conditionShape("attention"),
      " ",
      element("a", { href: flowPath(flow), "data-item": true }, flow),
      element("span", { class: "soft" }, ` ${state} `),
      age(sinceMs),
    ),
    element("p", {}, sentence),
    element("ul", { class: "files" }, upload.files.map(fileLine)),
    element(
      "p",
      { class: "soft" },
      tries === 0 ? "Not tried yet" : `Tried ${tries === 1 ? "once" : `${tries} times`}`,
      nextTryAtMs === null ? "; not tried again by itself." : ["; next try ", age(nextTryAtMs), "."],
      " Upload ",
      element("code", { class: "id" }, id),
    ),
    actions(upload),
  );
}

function fileLine({ name, type, sizeBytes, sha256 }: HeldUpload["files"][number]): HTMLElement {
  return element(
    "li",
    {},
    element("span", { class: "label" }, name ?? "without a name"),
    element("span", { class: "soft" }, ` ${type ?? "type not known"}, ${sayBytes(sizeBytes)}, SHA-256 `),
    element("code", { class: "id", "data-tip": sha256, tabindex: 0 }, `${sha256.slice(0, 12)}…`),
  );
}

function actions(upload: HeldUpload): HTMLElement | null {
  if (currentSession()?.mayChange !== true || upload.actions.length === 0) return null;
  return element(
    "div",
    { class: "actions" },
    upload.actions.map((action) =>
      element(
        "button",
        {
          type: "button",
          "aria-label": `${ACTION_WORDS[action]}: upload ${upload.id} of ${upload.flow}`,
          on: { click: () => void decide(upload, action) },
        },
        `${ACTION_WORDS[action]} …`,
      ),
    ),
  );
}

async function decide(upload: HeldUpload, action: Action): Promise<void> {
  const mayDouble = action === "retry" && upload.mayHaveArrived;
  const isDone = await confirmDialog({
    title: action === "retry" ? "Send this upload again?" : "Give this upload up?",
    sentences: [
      `${sayMany(upload.files.length, "file")} of the flow ${upload.flow}: ${upload.files.map(({ name }) => name ?? "without a name").join(", ")}.`,
      action === "retry"
        ? "It is handed to the service once more."
        : "Nothing is sent any more, and what was kept for it is removed. This cannot be undone.",
    ],
    acknowledgement: mayDouble
      ? "The service may have this upload from an earlier try, and would then have it twice. I have looked there: it does not, or twice does no harm."
      : null,
    asksReason: action === "give-up",
    word: ACTION_WORDS[action],
    isDanger: action === "give-up" || mayDouble,
    work: (reason) =>
      change(`held/${encodeURIComponent(upload.id)}/decide`, {
        action,
        ...(mayDouble ? { mayDouble: true } : {}),
        ...(reason === "" ? {} : { reason }),
      }),
  });
  if (isDone) window.dispatchEvent(new Event(REFRESH));
}
