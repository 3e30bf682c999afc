/**
 * A button that copies a command, and the command with one. What is copied is the text as it came, not as it is shown.
 */
import { announce } from "./announce.ts";
import { element } from "./element.ts";

const SAID_MS = 2_000;

/** `label` says what is copied, to whoever hears it: `Copy the rollback command`; `word` stands on the button where `Copy` would not be clear. */
export function copyButton(text: string, label: string, word = "Copy"): HTMLElement {
  const said = element("span", {}, word);
  const name = word === "Copy" ? { "aria-label": label } : { "data-tip": label };
  return element(
    "button",
    { type: "button", class: "copy", ...name, on: { click: () => void copy(text, said, word) } },
    said,
  );
}

/** A command in one line, with its button. */
export function command(text: string, label: string): HTMLElement {
  return element("div", { class: "command" }, element("pre", { tabindex: 0 }, text), copyButton(text, label));
}

async function copy(text: string, said: HTMLElement, word: string): Promise<void> {
  const isCopied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
  said.textContent = isCopied ? "Copied" : "Not copied: select it";
  announce(isCopied ? "Copied" : "The browser did not allow copying. Select the text instead.");
  setTimeout(() => {
    said.textContent = word;
  }, SAID_MS);
}
