/**
 * A problem as a page, for the person who sent a form from a browser: what failed, what was expected, what was seen, what to do.
 */
import type { Problem } from "../problems/problem.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

const RETRY_SENTENCES = {
  never: "Sending the same again will not help.",
  later: "Nothing is wrong with what you sent; try again in a little while.",
  safe: "It is safe to send it again at once.",
} as const;

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.25rem;color:#1c2430;background:#fff}
h1{font-size:1.4rem;line-height:1.25;margin:0 0 .75rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem;margin:1.25rem 0}
dt{color:#5a6675}dd{margin:0;overflow-wrap:anywhere}small{color:#5a6675}code{font-size:.9em}
@media(prefers-color-scheme:dark){body{color:#e6eaf0;background:#14181f}dt,small{color:#9aa6b5}}`;

/** The page; everything from the client is escaped, and the answer's CSP allows no script at all. */
export function problemPage(problem: Problem, remedy: string): string {
  const rows: [string, unknown][] = [
    ["Expected", problem.expected],
    ["Seen", problem.seen],
    ["What to do", remedy],
    ["Again?", RETRY_SENTENCES[problem.retry]],
  ];
  const list = rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(String(value))}</dd>`)
    .join("");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(problem.title)}</title><style>${STYLE}</style>
<h1>${escapeHtml(problem.title)}</h1><p>${escapeHtml(problem.detail)}</p><dl>${list}</dl>
<small>Code <code>${escapeHtml(problem.code)}</code> · request <code>${escapeHtml(problem.requestId)}</code></small></html>
`;
}
