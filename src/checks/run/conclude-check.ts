/**
 * From what came of its cases to what is said of a check: promises that nobody made, waivers, what a person has looked at.
 *
 * Always holds: a waiver changes a failure and nothing else, and only until its day; a person's word fills what takes a person, and is never a pass of
 * the machine.
 */
import { createHash } from "node:crypto";
import type { Check, CheckCase } from "../check.ts";
import type { CaseReport, CheckResult, CheckState, Confidence, ManualNote, WaiverNote } from "./check-run.ts";
import { flowKeyOf } from "./flow-key.ts";
import type { CheckSubject } from "./run-request.ts";

/** Worst first: the state of a check is that of its worst case. */
const WORST_FIRST: readonly CheckState[] = [
  "fail",
  "error",
  "inconclusive",
  "waived",
  "warn",
  "pass",
  "manual",
  "not-applicable",
];
const SURE_LAST: readonly Confidence[] = ["tentative", "firm", "certain"];

/** @param today as `2026-11-22`, in UTC */
export function concludeCheck(
  check: Check,
  reports: readonly CaseReport[],
  subject: CheckSubject,
  today: string,
): CheckResult {
  const { target, about } = subject;
  const waiver = noteOf(subject.waivers, check.id);
  const manual = noteOf(subject.manual, check.id);
  const isWaived = waiver !== null && today <= waiver.until.slice(0, 10);
  const cases = reports.map((report) =>
    settle(report, {
      isPromised: isPromised(check, report, subject),
      waiver: isWaived ? waiver : null,
      manual,
    }),
  );
  const state = WORST_FIRST.find((each) => cases.some((one) => one.state === each)) ?? "not-applicable";
  const lines = about.flowFile?.lines ?? null;
  const key = flowKeyOf(check, target, lines);
  return {
    id: check.id,
    title: check.title,
    why: check.why,
    standards: check.standards,
    flags: check.flags,
    remedy: check.remedy ?? null,
    state,
    confidence: confidenceOf(cases, state),
    sentence: sentenceOf(cases, state, waiver !== null && !isWaived ? waiver : null),
    cases,
    waiver,
    manual,
    flowKey: key,
    fingerprint: fingerprintOf(check, subject),
  };
}

function noteOf<N>(notes: ReadonlyMap<string, N>, id: string): N | null {
  return notes.get(id) ?? notes.get(id.slice("UPL-".length)) ?? null;
}

function isPromised(check: Check, report: CaseReport, { target }: CheckSubject): boolean {
  const each: CheckCase | undefined = check.cases.find(({ name }) => name === report.name);
  const topic = each?.topic ?? check.topic;
  return topic === undefined || target.unpromised?.has(topic) !== true;
}

const OF_TWIN = "the benign twin: ";

/** What was assumed of the route does not hold: then nothing follows from what it refuses. */
function sayAssumedWrongly(reason: string): string {
  return `the honest upload beside it was not taken either, so the route is not as was assumed: ${reason.slice(OF_TWIN.length)}`;
}

/** The last reason of a warning. */
export const NOBODY_PROMISED = "nobody has promised this of the route";

interface Terms {
  readonly isPromised: boolean;
  readonly waiver: WaiverNote | null;
  readonly manual: ManualNote | null;
}

function settle(report: CaseReport, { isPromised, waiver, manual }: Terms): CaseReport {
  if (report.state === "manual" && manual !== null) return looked(report, manual);
  if (report.state !== "fail") return report;
  if (
    !isPromised &&
    report.reasons.length > 0 &&
    report.reasons.every((reason) => reason.startsWith(OF_TWIN))
  )
    return {
      ...report,
      state: "inconclusive",
      confidence: null,
      reasons: report.reasons.map(sayAssumedWrongly),
    };
  if (!isPromised && !hasFailed(report))
    return {
      ...report,
      state: "warn",
      reasons: [...report.reasons, NOBODY_PROMISED],
    };
  return waiver === null ? report : { ...report, state: "waived" };
}

/** Whether a request of the attack made the server itself fail, which no route may, whatever it has promised. */
function hasFailed({ exchanges }: CaseReport): boolean {
  return exchanges.some(
    ({ part, answers }) => part === "attack" && answers.some(({ status }) => status >= 500),
  );
}

function looked(report: CaseReport, { who, when, result, note }: ManualNote): CaseReport {
  const told = `${who} looked on ${when}${note === "" ? "" : `: ${note}`}`;
  return result === "fail"
    ? { ...report, state: "fail", confidence: "firm", reasons: [told] }
    : { ...report, reasons: [told] };
}

/** Of what decides the state: a pass is as sure as its least sure case, a failure as its surest. */
function confidenceOf(cases: readonly CaseReport[], state: CheckState): Confidence | null {
  const sure = cases
    .filter((each) => each.state === state)
    .flatMap(({ confidence }) => (confidence === null ? [] : [SURE_LAST.indexOf(confidence)]));
  if (sure.length === 0) return null;
  return SURE_LAST[state === "pass" ? Math.min(...sure) : Math.max(...sure)] ?? null;
}

function sentenceOf(cases: readonly CaseReport[], state: CheckState, lapsed: WaiverNote | null): string {
  const telling = cases.filter((each) => each.state === state);
  const [first] = telling;
  if (first === undefined) return "Nothing of it applies to this route.";
  const lapse = lapsed === null ? "" : ` The waiver of ${lapsed.owner} ended on ${lapsed.until}.`;
  if (state === "pass") return passSentence(cases, telling.length);
  const [reason = "it has no reason"] = first.reasons;
  const more = telling.length > 1 ? ` (and ${telling.length - 1} more of ${cases.length})` : "";
  const told = reason.startsWith(`${first.name}: `) ? reason : `${first.name}: ${reason}`;
  return `${told}${more}${/[.!?]$/.test(reason) && more === "" ? "" : "."}${lapse}`;
}

function passSentence(cases: readonly CaseReport[], passed: number): string {
  const left = cases.filter(({ state, reasons }) => state === "not-applicable" && isLeftOut(reasons)).length;
  const told = passed === 1 ? "It held." : `All ${passed} cases held.`;
  return left === 0 ? told : `${told} ${left} more ${left === 1 ? "was" : "were"} left out.`;
}

/** Whether a case was left out, and not one that says nothing about the route. */
export function isLeftOut(reasons: readonly string[]): boolean {
  return reasons[0]?.startsWith(LEFT_OUT) === true;
}

export const LEFT_OUT = "left out: ";

/** From check, route and property; the same wherever the route is served. */
function fingerprintOf(check: Check, { target, about }: CheckSubject): string {
  const route = about.flow ?? `${about.method} ${about.path}`;
  const from = [check.id, route, check.topic ?? target.file.field];
  return createHash("sha256").update(from.join("\n")).digest("hex").slice(0, 16);
}
