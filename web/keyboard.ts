/**
 * The keyboard's short ways, and the dialog that lists them. Single letters can be switched off there (WCAG 2.2, 2.1.4), and never act while something is written.
 */
import { element } from "./element.ts";
import { navigate } from "./navigate.ts";
import { readPreference, writePreference } from "./preference.ts";

const KEYS: readonly (readonly [string, string])[] = [
  ["j, k", "next, previous entry"],
  ["Enter", "open it"],
  ["/", "find a flow"],
  ["g then h", "to the overview"],
  ["g then u", "to the held uploads"],
  ["← →", "in the charts: read the values at one time"],
  ["Esc", "close, or end finding"],
  ["?", "this list"],
];

const SECOND_KEY_MS = 1_500;

/** Starts listening. */
export function startKeyboard(): void {
  let goUntilMs = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") endFinding(event);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isWriting(event.target))
      return;
    if (document.querySelector("dialog[open]") !== null || readPreference("shortcuts") === "off") return;
    const isGoing = Date.now() < goUntilMs;
    goUntilMs = event.key === "g" ? Date.now() + SECOND_KEY_MS : 0;
    const act = isGoing ? GO[event.key] : ACTIONS[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

const GO: Readonly<Record<string, () => void>> = { h: () => navigate("/"), u: () => navigate("/held") };

const ACTIONS: Readonly<Record<string, () => void>> = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => document.querySelector<HTMLInputElement>("#find")?.focus(),
  "?": showKeys,
};

function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** From one entry to the next; from nowhere to the first. */
function move(by: 1 | -1): void {
  const items = [...document.querySelectorAll<HTMLElement>("[data-item]")].filter((item) =>
    item.checkVisibility(),
  );
  const row = document.activeElement?.closest("tr, li");
  const at = items.findIndex((item) => item === document.activeElement || (row?.contains(item) ?? false));
  const next = at === -1 ? 0 : Math.max(0, Math.min(items.length - 1, at + by));
  items[next]?.focus();
  items[next]?.scrollIntoView({ block: "nearest" });
}

function endFinding(event: KeyboardEvent): void {
  if (!(event.target instanceof HTMLInputElement) || event.target.id !== "find") return;
  event.target.value = "";
  event.target.dispatchEvent(new Event("input"));
  event.target.blur();
}

/** Opens the list of keys. */
export function showKeys(): void {
  if (document.querySelector("dialog[open]") !== null) return;
  const isOn = element("input", {
    id: "shortcuts",
    type: "checkbox",
    checked: readPreference("shortcuts") !== "off",
    on: {
      change: (event) =>
        writePreference("shortcuts", (event.target as HTMLInputElement).checked ? null : "off"),
    },
  });
  const dialog = element(
    "dialog",
    { "aria-labelledby": "keys-title" },
    element("h2", { id: "keys-title" }, "Keys"),
    element(
      "dl",
      { class: "facts" },
      KEYS.map(([key, does]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, does)]),
    ),
    element("p", { class: "tick" }, isOn, element("label", { for: "shortcuts" }, "Single letters act")),
    element(
      "p",
      { class: "actions" },
      element("button", { type: "button", autofocus: true, on: { click: () => dialog.close() } }, "Close"),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
