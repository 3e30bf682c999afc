/**
 * Asks for the operator's token, and says where to get it.
 */
import { ApiProblem, currentSession, signIn } from "../api.ts";
import { element } from "../element.ts";
import { SESSION_CHANGED } from "../frame-events.ts";
import { navigate } from "../navigate.ts";
import type { Page } from "./page.ts";

/** `next`: where to go then; `mustSignIn`: nothing can be read without. */
export function signInPage(next: string, mustSignIn: boolean): Page {
  return {
    isLive: false,
    load: async () => ({
      title: "Sign in",
      body: [
        element("h1", { tabindex: -1 }, "Sign in"),
        element(
          "p",
          {},
          mustSignIn
            ? "Reading this page from another machine needs the operator's token."
            : "Reading is open on this machine. Whoever wants to change something needs the operator's token.",
        ),
        form(next),
        element("h2", {}, "Where the token is"),
        element("p", { class: "how" }, currentSession()?.howToGetToken ?? ""),
      ],
    }),
  };
}

function form(next: string): HTMLElement {
  const token = element("input", {
    id: "token",
    type: "password",
    required: true,
    autocomplete: "current-password",
    spellcheck: "false",
    "aria-describedby": "sign-in-problem",
  });
  const problem = element("p", { id: "sign-in-problem", class: "problem", role: "alert" });
  const button = element("button", { type: "submit", class: "primary" }, "Sign in");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      await signIn(token.value.trim());
      window.dispatchEvent(new Event(SESSION_CHANGED));
      navigate(next, true);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      problem.textContent = error.message;
      token.select();
    } finally {
      button.disabled = false;
    }
  };
  return element(
    "form",
    { class: "sign-in", on: { submit: (event) => void submit(event) } },
    // For password managers, which keep a token under a name.
    element("input", { type: "text", autocomplete: "username", value: "operator", hidden: true }),
    element("label", { for: "token" }, "Operator's token"),
    token,
    button,
    problem,
  );
}
