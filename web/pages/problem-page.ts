/**
 * What stands where a page could not be had.
 */
import { ApiProblem } from "../api.ts";
import { element } from "../element.ts";
import { REFRESH } from "../frame-events.ts";
import type { PageView } from "./page.ts";

export function problemView(error: ApiProblem): PageView {
  const isMissing = error.status === 404;
  return {
    title: isMissing ? "Not found" : "Cannot be shown",
    body: [
      element("h1", { tabindex: -1 }, isMissing ? "Not found" : "This cannot be shown now"),
      element("p", {}, error.message),
      error.code === null ? null : element("p", {}, element("code", { class: "code" }, error.code)),
      element(
        "p",
        { class: "actions" },
        isMissing
          ? null
          : element(
              "button",
              { type: "button", on: { click: () => window.dispatchEvent(new Event(REFRESH)) } },
              "Try again",
            ),
        element("a", { href: "/" }, "To the overview"),
      ),
    ],
  };
}

export const nowhere = (path: string): ApiProblem =>
  new ApiProblem(404, `There is no page at ${path}. A link may be old, or a name mistyped.`);
