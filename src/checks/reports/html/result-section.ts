/**
 * One check on the report page: a card where something is to be done, a line where nothing is.
 */
import type { CaseReport, CheckResult, CheckRun } from "../../run/check-run.ts";
import { decidingCases, explainCommand, remediesFor, sayAge, waiveCommand } from "../run-words.ts";
import { sayCount } from "../say-figures.ts";
import { referenceOf } from "../standards.ts";
import { STATE_GROUPS, type StateGroup } from "../state-words.ts";
import { comparison, copied, proof } from "./case-section.ts";
import { html, inline, type Markup, shownText } from "./markup.ts";
import type { PageRoom } from "./page-room.ts";

/** Cases of one check beyond these are only counted. */
const CASES_MAX = 20;

/** The name of a check as a place on the page. */
export function anchorOf(result: CheckResult): string {
  return result.id.replace(/[^\w-]/g, "-").slice(0, 60);
}

/** A card: one plain sentence, and one click away everything that is known. */
export function resultCard(run: CheckRun, result: CheckResult, group: StateGroup, room: PageRoom): Markup {
  const age = group.key === "fail" ? sayAge(run, result) : null;
  return html`<article class="${group.key}" id="${anchorOf(result)}" data-check="${result.id} ${result.title}">
<h3><span class="shape" aria-hidden="true">${group.shape}</span> <span class="id">${result.id}</span> ${result.title}${age === null ? null : html` <span class="age">${age}</span>`}</h3>
<p class="lead">${result.sentence}</p>
${waiverNote(result)}
${folded(run, result, group, room)}
</article>`;
}

/** Where the page has no room left for it, the command that shows it. */
function folded(run: CheckRun, result: CheckResult, group: StateGroup, room: PageRoom): Markup {
  const before = room.left;
  const inside = details(run, result, room);
  const proofChars = before - room.left;
  if (!room.take(inside.text.length - proofChars))
    return html`<p class="soft">The page is full; the run's JSON report has the rest.</p>`;
  return html`<details><summary>${summaryOf(group)}</summary>
${inside}
</details>`;
}

function summaryOf(group: StateGroup): string {
  return group.key === "unclear" ? "Why, and what was tried" : "The proof, and what to do about it";
}

function waiverNote({ waiver }: CheckResult): Markup | null {
  if (waiver === null) return null;
  return html`<p>Waived until <strong>${waiver.until}</strong> by ${waiver.owner}: ${waiver.reason}</p>`;
}

function details(run: CheckRun, result: CheckResult, room: PageRoom): Markup {
  const [first, ...others] = decidingCases(result);
  return html`<p>${result.why}</p>
${first === undefined ? null : comparison(first)}
${remedies(run, result)}
${first === undefined ? null : proof(run, result, first, room)}
${otherCases(run, result, others, room)}
${references(result)}
${waive(run, result)}`;
}

function remedies(run: CheckRun, result: CheckResult): Markup | null {
  const [first, ...others] = remediesFor(run, result.remedy);
  if (first === undefined) return null;
  const more = others.map(({ name, text }) => html`<dt>${name}</dt><dd>${withCode(text)}</dd>`);
  const names = others.map(({ name }) => name).join(", ");
  return html`<h4>What to do: ${first.name}</h4>
<p>${withCode(first.text)}</p>
<details><summary>Other ways: ${names}</summary><dl>${more}</dl></details>`;
}

/** Text with code in backticks. */
function withCode(text: string): readonly Markup[] {
  const parts = text.split("`");
  const isPaired = parts.length % 2 === 1;
  if (!isPaired) return [shownText(text)];
  return [
    inline(
      parts.map((part, index) => (index % 2 === 1 ? html`<code>${shownText(part)}</code>` : shownText(part))),
    ),
  ];
}

function otherCases(
  run: CheckRun,
  result: CheckResult,
  others: readonly CaseReport[],
  room: PageRoom,
): Markup | null {
  if (others.length === 0) return null;
  const shown = others.slice(0, CASES_MAX).map(
    (
      each,
    ) => html`<details><summary>${each.name}${each.observed === null ? null : html`: ${each.observed}`}</summary>
${comparison(each)}
${proof(run, result, each, room)}
</details>`,
  );
  const more = others.length - CASES_MAX;
  return html`<h4>${sayCount(others.length, "other case")} of this check</h4>
${shown}
${more > 0 ? html`<p>and ${more} more</p>` : null}`;
}

function references(result: CheckResult): Markup {
  const items = result.standards.map((standard) => {
    const { name, href } = referenceOf(standard);
    return href === null
      ? html`<li>${name}</li>`
      : html`<li><a href="${href}" rel="noreferrer">${name}</a></li>`;
  });
  return html`<h4>References</h4>
${items.length === 0 ? null : html`<ul>${items}</ul>`}
${copied("the command that explains the check", explainCommand(result))}`;
}

function waive(run: CheckRun, result: CheckResult): Markup | null {
  const command = result.state === "fail" ? waiveCommand(run, result) : null;
  if (command === null) return null;
  return html`<h4>If it has to stay for now</h4>
${copied("the command that waives it", command)}`;
}

/** A line, for what is kept, or is for nobody to do here. */
export function resultLine(result: CheckResult): Markup {
  const shape = STATE_GROUPS.find((group) => group.states.includes(result.state))?.shape ?? "?";
  const manual =
    result.manual === null
      ? null
      : html` <span class="soft">${result.manual.who} looked on ${result.manual.when}: ${result.manual.result === "pass" ? "kept" : "broken"}. ${result.manual.note}</span>`;
  return html`<li id="${anchorOf(result)}" data-check="${result.id} ${result.title}"><span class="shape" aria-hidden="true">${shape}</span> <span class="id">${result.id}</span> ${result.title}<br><span class="soft">${result.sentence}</span>${manual}</li>`;
}
