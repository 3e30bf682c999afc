/**
 * A run as one page: a single file that opens offline, for whoever has to decide what to do.
 *
 * Always holds: no script is needed to read it; its policy lets run nothing but the script and the style that are in this program; everything from
 * the target is text; it stays below some 1.5 MB whatever the run is.
 */
import { createHash } from "node:crypto";
import type { CheckResult, CheckRun } from "../run/check-run.ts";
import { constant, html, type Markup } from "./html/markup.ts";
import { PageRoom } from "./html/page-room.ts";
import { PAGE_SCRIPT } from "./html/page-script.ts";
import { PAGE_STYLE } from "./html/page-style.ts";
import { resultCard, resultLine } from "./html/result-section.ts";
import { headline, sayChange, sayCost, sayFramework, sayTarget } from "./run-words.ts";
import { sayBytes, sayCount, sayMoment } from "./say-figures.ts";
import { resultsIn, STATE_GROUPS, type StateGroup } from "./state-words.ts";

/** For what is one click away; what is seen at once comes on top. */
const FOLDED_CHARS = 1_000_000;
/** Groups whose checks have a card each; those of the others are lines, folded. */
const WITH_CARDS: ReadonlySet<StateGroup["key"]> = new Set(["fail", "unclear", "warn", "waived"]);
const HEADINGS: Readonly<Record<StateGroup["key"], string>> = {
  fail: "Broken promises",
  unclear: "Could not be checked",
  warn: "Not promised, but not good",
  waived: "Waived",
  pass: "Kept",
  manual: "For a person to look at",
  "not-applicable": "Not for this route",
};
const LIST_MAX = 20;

const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(PAGE_STYLE)}'`,
  `script-src '${hashOf(PAGE_SCRIPT)}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The page as one HTML file, UTF-8. */
export function htmlReport(run: CheckRun): string {
  const room = new PageRoom(FOLDED_CHARS);
  const style = constant(PAGE_STYLE);
  const script = constant(PAGE_SCRIPT);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${constant(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${headline(run).sentence}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<h1>${headline(run).sentence}</h1>
${head(run)}
${tiles(run)}
</header>
<main id="main">
${STATE_GROUPS.map((group) => section(run, group, room))}
${aboutRun(run)}
</main>
<footer><p>Made by ${run.program} from run ${run.id}. It tells what was seen on ${sayMoment(run.startedAt)}, and nothing of what was not checked.</p></footer>
<script>${script}</script>
</body>
</html>
`.text;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function head(run: CheckRun): Markup {
  const change = sayChange(run.baseline);
  const { stop } = headline(run);
  const { target } = run;
  return html`<p class="target"><code>${sayTarget(run)}</code></p>
${stop === null ? null : html`<p class="notice"><strong>The run ended early.</strong> ${stop}</p>`}
${target.assumptions.length === 0 ? null : html`<p class="notice"><strong>Taken for promised, though nobody wrote it:</strong> ${target.assumptions.slice(0, LIST_MAX).join(" ")}</p>`}
<dl class="facts">
${fact("Flow", target.flow === null ? "no flow file" : `${target.flow}${target.policyVersion === null ? "" : `, version ${target.policyVersion}`}`)}
${fact("Served by", target.serves)}
${fact("Framework", `${sayFramework(target.framework)}${target.front === "sluicegate" ? ", with Sluicegate in front" : ""}`)}
${fact("Owner", target.owner)}
${fact("Run", `${run.id}, ${sayMoment(run.startedAt)}, profile ${run.profile}`)}
${fact("Spent", sayCost(run))}
${fact("Change", change)}
${fact("Mended", mended(run))}
</dl>`;
}

function fact(name: string, value: string | null): Markup {
  return value === null ? html`` : html`<dt>${name}</dt><dd>${value}</dd>`;
}

/** Names of the checks that were broken in the earlier run and are in this one, too. */
function mended({ baseline, results }: CheckRun): string | null {
  const ids = results.filter((each) => baseline?.fixed.includes(each.fingerprint)).map(({ id }) => id);
  return ids.length === 0 ? null : ids.join(", ");
}

function tiles(run: CheckRun): Markup {
  const items = STATE_GROUPS.map((group) => {
    const count = resultsIn(run.results, group.key).length;
    const inside = html`<span class="count"><span class="shape" aria-hidden="true">${group.shape}</span> ${count}</span> <span class="word">${group.word}</span>`;
    const tile =
      count === 0
        ? html`<span class="tile" title="${group.meaning}">${inside}</span>`
        : html`<a href="#${group.key}" title="${group.meaning}">${inside}</a>`;
    return html`<li class="${group.key}">${tile}</li>`;
  });
  return html`<ul class="tiles" aria-label="Checks by outcome">${items}</ul>`;
}

function section(run: CheckRun, group: StateGroup, room: PageRoom): Markup {
  const results = resultsIn(run.results, group.key);
  if (results.length === 0) return group.key === "fail" ? noneBroken(run) : html``;
  const heading = `${HEADINGS[group.key]} (${results.length})`;
  if (!WITH_CARDS.has(group.key)) return folded(group, heading, results);
  return html`<section id="${group.key}" aria-labelledby="${group.key}-heading">
<h2 id="${group.key}-heading">${heading}</h2>
${results.map((result) => resultCard(run, result, group, room))}
</section>`;
}

function noneBroken(run: CheckRun): Markup {
  const kept = resultsIn(run.results, "pass").length;
  const text =
    kept === 0
      ? "Nothing was seen to be broken, and nothing was seen to be kept."
      : "No promise was seen to be broken.";
  return html`<section id="fail" aria-labelledby="fail-heading"><h2 id="fail-heading">Broken promises (0)</h2><p>${text}</p></section>`;
}

function folded(group: StateGroup, heading: string, results: readonly CheckResult[]): Markup {
  return html`<section id="${group.key}" class="${group.key}" aria-labelledby="${group.key}-heading">
<h2 id="${group.key}-heading">${heading}</h2>
<details><summary>${group.meaning} Show ${sayCount(results.length, "check")}</summary>
<ul class="plain">${results.map((result) => resultLine(result))}</ul>
</details>
</section>`;
}

function aboutRun(run: CheckRun): Markup {
  const { plan, target } = run;
  const left = run.leftovers.slice(0, LIST_MAX).map((name) => html`<li><code>${name}</code></li>`);
  const more = run.leftovers.length - LIST_MAX;
  return html`<section id="run" aria-labelledby="run-heading">
<h2 id="run-heading">About this run</h2>
<dl class="facts">
${fact("Planned", `${sayCount(plan.checks, "check")}, ${sayCount(plan.cases, "case")}, ${sayCount(plan.requests, "request")}, ${sayBytes(plan.sentBytes)}`)}
${fact("At most", `${sayCount(plan.requestsMax, "request")}, ${sayBytes(plan.sentBytesMax)}`)}
${fact("Left out", sayCount(plan.leftOut, "case"))}
${fact("Read back", target.readBack ?? "no: what is stored could not be seen")}
${fact("Seed", run.seed)}
</dl>
${left.length === 0 ? null : html`<h3>Stored by this run, and could not be removed again</h3><ul>${left}${more > 0 ? html`<li>and ${more} more</li>` : null}</ul>`}
</section>`;
}
