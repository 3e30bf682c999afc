/**
 * Light, dark, or as the system says.
 */
import { element } from "./element.ts";
import { readPreference, writePreference } from "./preference.ts";

const CHOICES = [
  ["", "System colours"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

export function themeSwitch(): HTMLElement {
  const chosen = readPreference("theme") ?? "";
  return element(
    "label",
    { class: "theme" },
    element("span", { class: "unseen" }, "Colours"),
    element(
      "select",
      { on: { change: (event) => choose((event.target as HTMLSelectElement).value) } },
      CHOICES.map(([value, word]) => element("option", { value, selected: value === chosen }, word)),
    ),
  );
}

function choose(value: string): void {
  writePreference("theme", value === "" ? null : value);
  if (value === "") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}
