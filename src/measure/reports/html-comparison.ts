/**
 * A comparison as one page: a single file that opens offline, for whoever has to decide whether the change stays.
 *
 * On top the sentence, then the four rows, then the strip of pairs; everything else is one click away.
 * Always holds: no script is needed to read it; its policy lets run nothing but the script and the style that are in this program; everything from targets is
 * text.
 */
import { createHash } from "node:crypto";
import { copied } from "../../checks/reports/html/case-section.ts";
import { constant, html, type Markup, shownText } from "../../checks/reports/html/markup.ts";
import { PAGE_SCRIPT } from "../../checks/reports/html/page-script.ts";
import { sayMoment } from "../../checks/reports/say-figures.ts";
import { shownLine } from "../../checks/reports/shown-text.ts";
import type { Comparison, ComparisonRow } from "../comparison.ts";
import { sayMs, sayPercent } from "../judge/say-change.ts";
import { comparisonFacts, otherEffects, sayP } from "./comparison-facts.ts";
import { COMPARISON_STYLE } from "./html/comparison-style.ts";
import { bandOf, pairStrip } from "./html/pair-strip.ts";
import { WORD_MEANINGS } from "./html/word-meanings.ts";
import { rowName, sayJudgement, verdictWords } from "./verdict-words.ts";

const SENTENCE_CHARS = 1200;
const LIST_MAX = 100;

const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(COMPARISON_STYLE)}'`,
  `script-src '${hashOf(PAGE_SCRIPT)}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The page as one HTML file, UTF-8. */
export function htmlComparison(comparison: Comparison): string {
  const { flow, verdict, program, id, startedAtMs } = comparison;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${constant(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${flow}: ${verdict}</title>
<style>${constant(COMPARISON_STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
${head(comparison)}
<main id="main">
${fourRows(comparison)}
${reasons(comparison)}
${strip(comparison)}
${rest(comparison)}
</main>
<footer><p>Made by ${program} from comparison ${id} of ${sayMoment(new Date(startedAtMs).toISOString())}. The figures can be computed again from requests.ndjson beside it.</p></footer>
<script>${constant(PAGE_SCRIPT)}</script>
</body>
</html>
`.text;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** Text that may be longer than a short line. */
function long(text: string): Markup {
  return shownText(shownLine(text, SENTENCE_CHARS));
}

function head(comparison: Comparison): Markup {
  const { tone, shape, meaning } = verdictWords(comparison);
  const { sentence, verdict, arms, flow } = comparison;
  const told = sentence.startsWith(`${verdict}: `) ? sentence.slice(verdict.length + 2) : sentence;
  return html`<header class="verdict ${tone}">
<h1><span class="word"><span aria-hidden="true">${shape}</span> ${verdict}</span> ${long(capital(told))}</h1>
<p>${meaning}</p>
<p class="soft">Flow ${flow}: ${arms.b.label} against ${arms.a.label}.</p>
</header>`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function fourRows({ rows }: Comparison): Markup {
  const cells = rows.map(
    (row) => html`<tr><th scope="row">${rowName(row)}<span class="say">${long(row.sentence)}</span></th>
${cell("Before", row.before, "What it was: the middle of all pairs, or a count.")}
${cell("After", row.after, "What it is: of time, before with the change that the pairs show.")}
${cell("Change", row.change, "From before to after. Less time, fewer errors and fewer calls are better.")}
${cell("Interval", row.interval ?? "", "The change lies between these, with the confidence in parentheses.")}
<td data-label="Judged"><span class="judged ${row.judgement}" title="${JUDGEMENTS[row.judgement]}">${sayJudgement(row)}</span></td></tr>`,
  );
  return html`<section aria-labelledby="rows-heading">
<h2 id="rows-heading">The four numbers</h2>
<div class="scroll"><table class="rows"><thead><tr><th scope="col">What</th><th scope="col">Before</th><th scope="col">After</th><th scope="col">Change</th><th scope="col">Interval</th><th scope="col">Judged</th></tr></thead>
<tbody>${cells}</tbody></table></div>
</section>`;
}

const JUDGEMENTS: Readonly<Record<ComparisonRow["judgement"], string>> = {
  better: "Better, by more than chance.",
  worse: "Worse, by more than chance.",
  same: "The same, or a change too small to matter.",
  unclear: "These figures do not tell.",
  unseen: "The answers do not tell of it.",
};

function cell(label: string, text: string, meaning: string): Markup {
  return html`<td data-label="${label}" title="${meaning}">${text}</td>`;
}

function reasons({ reasons: all, sentence }: Comparison): Markup | null {
  const others = all.filter((reason) => !sentence.includes(reason));
  if (others.length === 0) return null;
  return html`<section aria-labelledby="why-heading"><h2 id="why-heading">What else to know</h2>
<ul>${others.slice(0, LIST_MAX).map((reason) => html`<li>${long(reason)}</li>`)}</ul></section>`;
}

function strip(comparison: Comparison): Markup | null {
  const picture = pairStrip(comparison);
  if (picture === null) return null;
  const { quantile, of } = comparison.metric;
  const time = of === "app" ? "the service's own time" : "the time that the client saw";
  return html`<section aria-labelledby="strip-heading">
<h2 id="strip-heading">Pair by pair</h2>
<p>Change of ${quantile} of ${time} in each pair, the first pair on top. Left of 0 is faster.</p>
${picture}
<ul class="legend"><li>● a pair, before went first</li><li>○ a pair, after went first</li><li>▒ ${bandOf(comparison).meaning}</li><li>━●━ all pairs together, with the interval</li></ul>
</section>`;
}

function rest(comparison: Comparison): Markup {
  return html`<section aria-labelledby="more-heading">
<h2 id="more-heading">The rest, one click away</h2>
${more("What was compared, and how the run went", compared(comparison))}
${more("All effects: like for like, as it was, warm, each cache class", effects(comparison))}
${more("Quantiles", quantiles(comparison))}
${more("Every pair in figures", pairTable(comparison))}
${more("What differs, what could not be seen", difference(comparison))}
${more("Commands, caches that were cleared", commands(comparison))}
${more("The way back", wayBack(comparison))}
${more("What the words mean", meanings())}
</section>`;
}

function more(summary: string, inside: Markup | null): Markup | null {
  return inside === null
    ? null
    : html`<details class="more"><summary>${summary}</summary>
${inside}
</details>`;
}

function compared(comparison: Comparison): Markup {
  const { health, evidenceSha256 } = comparison;
  return html`<dl class="facts">${comparisonFacts(comparison).map(([name, text]) => html`<dt>${name}</dt><dd>${long(text)}</dd>`)}<dt>Evidence</dt><dd><code>${evidenceSha256}</code></dd></dl>
<ul>${health.map((line) => html`<li>${long(line)}</li>`)}</ul>`;
}

function effects(comparison: Comparison): Markup | null {
  const rows = otherEffects(comparison);
  if (rows.length === 0) return null;
  return tableOf(
    ["Effect", "What it is", "Change", "p"],
    rows.map(({ name, meaning, text, pValue }) => [name, meaning, text, sayP(pValue)]),
  );
}

function quantiles({ quantiles: all }: Comparison): Markup | null {
  if (all.length === 0) return null;
  const rows = all.map(({ quantile, a, b }) => [
    `p${Math.round(quantile * 100)}`,
    sayMs(a),
    sayMs(b),
    sayPercent(b / a - 1),
  ]);
  return html`<p class="soft">Of all cold uploads together, as they were: for a picture of the whole, not for a verdict.</p>
${tableOf(["Quantile", "Before", "After", "Difference"], rows)}`;
}

function pairTable({ pairs }: Comparison): Markup | null {
  if (pairs.length === 0) return null;
  const rows = pairs.map(({ pair, order, a, b, change, dropped }) => [
    `${pair + 1}`,
    order === "ab" ? "before" : "after",
    a === null ? "–" : sayMs(a),
    b === null ? "–" : sayMs(b),
    change === null ? `left out: ${dropped ?? "no time"}` : sayPercent(Math.expm1(change)),
  ]);
  return tableOf(["Pair", "First", "Before", "After", "Change"], rows);
}

function difference({ differing, unseen, variable, arms }: Comparison): Markup {
  const rows = differing.map(({ key, a, b }) => [
    key === variable ? `${key} (what was changed)` : key,
    a ?? "unseen",
    b ?? "unseen",
  ]);
  const same = Object.entries(arms.a.fingerprint.values).filter(
    ([key, value]) => value !== null && arms.b.fingerprint.values[key] === value,
  );
  return html`${rows.length === 0 ? html`<p>Nothing that could be seen differs.</p>` : tableOf(["Key", "Before", "After"], rows)}
${unseen.length === 0 ? null : html`<p>Could not be seen in both: ${long(unseen.join(", "))}.</p>`}
${same.length === 0 ? null : html`<p class="soft">The same in both: ${long(same.map(([key]) => key).join(", "))}.</p>`}`;
}

function commands({ commands: all, cleared }: Comparison): Markup | null {
  if (all.length === 0 && cleared.length === 0) return null;
  const caches = cleared.map(
    ({ cache, command, atMs, exitCode }) =>
      html`<li>${cache} at ${sayMoment(new Date(atMs).toISOString())}, exit ${exitCode}: <code>${long(command)}</code></li>`,
  );
  return html`${all.map((command) => copied("the command", command))}
${cleared.length === 0 ? html`<p>No cache was cleared.</p>` : html`<p>Caches that were cleared, these and no others:</p><ul>${caches}</ul>`}`;
}

function wayBack({ rollback }: Comparison): Markup | null {
  return rollback === null ? null : copied("the command that takes the change back", rollback);
}

function meanings(): Markup {
  return html`<dl>${WORD_MEANINGS.map(([word, meaning]) => html`<dt><strong>${word}</strong></dt><dd>${meaning}</dd>`)}</dl>`;
}

function tableOf(columns: readonly string[], rows: readonly (readonly string[])[]): Markup {
  const heads = columns.map((name) => html`<th scope="col">${name}</th>`);
  const lines = rows.map((row) => html`<tr>${row.map((text) => html`<td>${text}</td>`)}</tr>`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${columns.join(", ")}"><table><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table></div>`;
}
