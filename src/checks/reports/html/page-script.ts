/**
 * What the report page can do where scripts run: find, open and close all, copy. Nothing of it is needed to read the page.
 * Constant, as its hash stands in the page's policy.
 */

/** The text of the one `<script>` element. It makes its own buttons, so that there are none that do nothing. */
export const PAGE_SCRIPT = `
"use strict";
const make = (name, text, attributes = {}) => {
  const element = Object.assign(document.createElement(name), { textContent: text });
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const say = make("span", "", { role: "status", class: "soft" });

const copy = async (text, pre) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(pre);
    document.execCommand("copy");
  }
};

for (const pre of document.querySelectorAll("pre[data-copy]")) {
  const box = make("div", "", { class: "copied" });
  const button = make("button", "Copy", { type: "button", "aria-label": "Copy: " + pre.dataset.copy });
  pre.before(box);
  box.append(pre, button);
  button.addEventListener("click", async () => {
    await copy(pre.textContent, pre);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

const entries = [...document.querySelectorAll("[data-check]")];
if (entries.length > 0) {
  const bar = make("div", "", { class: "bar", role: "search" });
  const label = make("label", "Find a check: ", { for: "find" });
  const find = make("input", "", { id: "find", type: "search", autocomplete: "off", spellcheck: "false" });
  const open = make("button", "Open all", { type: "button" });
  const close = make("button", "Close all", { type: "button" });
  bar.append(label, find, open, close, say);
  document.querySelector("main").prepend(bar);
  const all = (isOpen) => { for (const each of document.querySelectorAll("details")) each.open = isOpen; };
  open.addEventListener("click", () => all(true));
  close.addEventListener("click", () => all(false));
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    let shown = 0;
    for (const entry of entries) {
      entry.hidden = wanted !== "" && !entry.dataset.check.toLowerCase().includes(wanted);
      if (entry.hidden) continue;
      shown += 1;
      const folded = entry.closest("section > details");
      if (wanted !== "" && folded) folded.open = true;
    }
    say.textContent = wanted === "" ? "" : shown + " of " + entries.length + " checks";
  });
}

const reveal = () => {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!wanted) return;
  for (const each of wanted.querySelectorAll(":scope > details")) each.open = true;
  for (let each = wanted; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  wanted.scrollIntoView();
};
addEventListener("hashchange", reveal);
if (location.hash !== "") reveal();
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("article details:not([open])")];
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
`;
