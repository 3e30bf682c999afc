/**
 * One case on the report page: promised and observed, the one difference, the request to send again, the test, the answer.
 */
import { STATUS_CODES } from "node:http";
import type { CaseReport, CheckResult, CheckRun, RecordedAnswer } from "../../run/check-run.ts";
import { sendCommand } from "../curl-command.ts";
import { pytestCase } from "../pytest-case.ts";
import { attackOf, replayCommand } from "../run-words.ts";
import { sayBytes, sayElapsed } from "../say-figures.ts";
import { shownLine, shownLines, textOf } from "../shown-text.ts";
import { confidenceWord } from "../state-words.ts";
import { html, inline, joined, type Markup, shownText } from "./markup.ts";
import type { PageRoom } from "./page-room.ts";

const SMALLEST_PROOF_CHARS = 1000;
const DIFF_LINES_MAX = 40;
const DIFF_LINE_CHARS = 300;
const REASONS_MAX = 8;
const ANSWER_HEADERS_MAX = 30;
const ANSWER_BODY_CHARS = 1000;

/** What was promised and what came of it, and the one property in which attack and twin differ. */
export function comparison(report: CaseReport): Markup {
  const rows = [
    row("Case", report.name),
    row("Promised", report.promised),
    row("Observed", report.observed),
    row("How sure", confidenceWord(report.confidence)),
  ];
  const reasons = report.reasons.slice(0, REASONS_MAX).map((reason) => html`<li>${reason}</li>`);
  const more = report.reasons.length - REASONS_MAX;
  return html`<table class="compare"><tbody>${rows}</tbody></table>
${reasons.length === 0 ? null : html`<h4>What is wrong</h4><ul>${reasons}${more > 0 ? html`<li>and ${more} more</li>` : null}</ul>`}
${diff(report)}`;
}

function row(name: string, value: string | null): Markup {
  return value === null ? html`` : html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
}

function diff(report: CaseReport): Markup | null {
  if (report.diff.length === 0) return null;
  const lines = report.diff.slice(0, DIFF_LINES_MAX).map((line) => {
    const kind = line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same";
    return html`<span class="${kind}">${shownLine(line, DIFF_LINE_CHARS)}</span>`;
  });
  const more = report.diff.length - DIFF_LINES_MAX;
  return html`<h4>The one difference</h4>
<p class="soft">Lines with − are of the harmless twin, which must pass; lines with + are of the attack.</p>
<pre class="diff">${inline(lines)}${more > 0 ? html`<span>… ${more} more lines</span>` : null}</pre>`;
}

/** How to send it again, the test and the answer; shorter where the page has no room left. */
export function proof(run: CheckRun, result: CheckResult, report: CaseReport, room: PageRoom): Markup {
  if (room.left >= SMALLEST_PROOF_CHARS) {
    const whole = wholeProof(run, result, report);
    if (room.take(whole.text.length)) return whole;
  }
  const replay = replayCommand(report);
  return html`<p class="soft">The page is full: request and answer are in the run's JSON report.</p>
${replay === null ? null : html`<pre data-copy="the command">${shownText(replay)}</pre>`}`;
}

function wholeProof(run: CheckRun, result: CheckResult, report: CaseReport): Markup {
  const attack = attackOf(report);
  if (attack === null) return html``;
  const command = sendCommand(report, attack);
  const replay = command.by === "replay" ? null : replayCommand(report);
  const test = pytestCase(run, result, report);
  return joined([
    html`<h4>Send it again</h4>`,
    ...command.notes.map((note) => html`<p class="soft">${note}</p>`),
    ...(command.text === null ? [] : [copied("the request as a command", command.text)]),
    ...(replay === null
      ? []
      : [
          html`<p class="soft">Or the very same bytes, in the same pace:</p>`,
          copied("the replay command", replay),
        ]),
    ...(test === null ? [] : [html`<h4>As a test for pytest</h4>`, copied("the test for pytest", test)]),
    answers(attack.answers, attack.end, attack.answeredAfterMs),
  ]);
}

/** A text to be copied as it is; it scrolls by itself, so the keyboard can reach it. */
export function copied(name: string, text: string): Markup {
  return html`<pre data-copy="${name}" tabindex="0" role="region" aria-label="${name}">${shownText(text.trimEnd())}</pre>`;
}

function answers(all: readonly RecordedAnswer[], end: string, afterMs: number | null): Markup {
  const when = afterMs === null ? "" : ` after ${sayElapsed(afterMs)}`;
  if (all.length === 0) return html`<h4>The answer</h4><p>None; the connection ended: ${end}.</p>`;
  const blocks = all.map(
    (answer) =>
      html`<pre tabindex="0" role="region" aria-label="the answer">${shownText(answerText(answer))}</pre>`,
  );
  return html`<h4>${all.length === 1 ? `The answer${when}` : `${all.length} answers on one connection`}</h4>
${blocks}`;
}

function answerText(answer: RecordedAnswer): string {
  const headers = answer.headers
    .slice(0, ANSWER_HEADERS_MAX)
    .map(([name, value]) => `${shownLine(name, 100)}: ${shownLine(value, 300)}`);
  const body = shownLines(textOf(answer.bodyStart), ANSWER_BODY_CHARS, 40);
  const rest = answer.bodyBytes > ANSWER_BODY_CHARS ? [`(${sayBytes(answer.bodyBytes)} in all)`] : [];
  return [
    `${answer.status} ${STATUS_CODES[answer.status] ?? ""}`.trim(),
    ...headers,
    "",
    ...body,
    ...rest,
  ].join("\n");
}
