/**
 * What a run would do, before it does anything: for `--dry-run`, and for whoever has to agree.
 *
 * Always holds: it says at most, never about, where it names a bound; each part that is left out has its reason.
 */
import type { CheckedTarget, PlanSummary, Profile } from "../run/check-run.ts";
import { sayFramework } from "./run-words.ts";
import { sayBytes, sayCount, sayElapsed } from "./say-figures.ts";
import { shownLine } from "./shown-text.ts";
import { cutColumns, wrapColumns } from "./wrap-columns.ts";

/** A run that has been planned and not begun. */
export interface PlannedRun {
  readonly target: CheckedTarget;
  readonly profile: Profile;
  readonly plan: PlanSummary;
  readonly elapsedMsMax: number;
  /** What will be run, in order. */
  readonly checks: readonly PlannedCheck[];
  /** What will not, and why: the profile, the caps, what was skipped, what the operator has not given. */
  readonly leftOut: readonly { readonly id: string; readonly cases: number; readonly why: string }[];
  /** What will be stored on the target, in sentences. */
  readonly stores: readonly string[];
  /** How that is removed again, in a sentence; `null` where it cannot be. */
  readonly removal: string | null;
}

export interface PlannedCheck {
  readonly id: string;
  readonly title: string;
  readonly cases: number;
  readonly requests: number;
  readonly sentBytes: number;
}

const PROFILE_MEANING: Readonly<Record<Profile, string>> = {
  ci: "everything that a test service can bear",
  staging: "everything but what would disturb others who use it",
  "prod-safe": "little, harmless, and nothing that loads the service",
};

/** The whole plan, ending in a line break. */
export function planReport(planned: PlannedRun, columns: number): string {
  const width = Math.max(40, columns);
  const parts = [
    ...head(planned),
    "",
    ...bounds(planned),
    "",
    ...checkLines(planned.checks, width),
    ...leftOutLines(planned),
    ...storedLines(planned),
    "",
    "Nothing was sent.",
  ];
  return `${parts.flatMap((line) => fitted(line, width)).join("\n")}\n`;
}

function head({ target, profile }: PlannedRun): string[] {
  const where = `${target.method} ${target.origin}${target.path}`;
  const facts = [
    target.flow === null ? "no flow file" : `flow ${shownLine(target.flow)}`,
    `framework ${sayFramework(target.framework)}`,
    target.front === "sluicegate" ? "Sluicegate is in front" : "nothing known in front",
  ];
  return [
    `Target:    ${shownLine(where)}`,
    `           ${facts.join("; ")}`,
    `Profile:   ${profile}: ${PROFILE_MEANING[profile]}`,
    `Read back: ${target.readBack === null ? "no way to see what is stored" : shownLine(target.readBack)}`,
    ...target.assumptions.map((each) => `Assumed:   ${shownLine(each)}`),
  ];
}

function bounds({ plan, elapsedMsMax }: PlannedRun): string[] {
  return [
    `Would run: ${sayCount(plan.checks, "check")} with ${sayCount(plan.cases, "case")}, ${sayCount(plan.requests, "request")}, ${sayBytes(plan.sentBytes)}`,
    `At most:   ${sayCount(plan.requestsMax, "request")}, ${sayBytes(plan.sentBytesMax)}, ${sayElapsed(elapsedMsMax)}; then it stops`,
  ];
}

function checkLines(checks: readonly PlannedCheck[], width: number): string[] {
  const rows = checks.map((check) => {
    const figures = `${String(check.requests).padStart(4)} ${sayBytes(check.sentBytes).padStart(9)}`;
    const room = Math.max(10, width - 12 - figures.length - 4);
    return `  ${shownLine(check.id).padEnd(11)} ${cutColumns(shownLine(check.title), room).padEnd(room)} ${figures}`;
  });
  const heading = `Checks, with requests and bytes of each:`;
  return checks.length === 0 ? ["No check would be run."] : [heading, ...rows];
}

function leftOutLines({ leftOut, plan }: PlannedRun): string[] {
  if (leftOut.length === 0 && plan.leftOut === 0) return [];
  const reasons = new Map<string, string[]>();
  for (const { id, why } of leftOut) reasons.set(why, [...(reasons.get(why) ?? []), id]);
  const lines = [...reasons].map(
    ([why, ids]) => `  ${shownLine(why)}: ${ids.map((id) => shownLine(id)).join(", ")}`,
  );
  return ["", `Left out: ${sayCount(plan.leftOut, "case")}`, ...lines];
}

function storedLines({ stores, removal }: PlannedRun): string[] {
  const removed =
    removal === null
      ? "It cannot be removed again by this run: what is left is listed at the end."
      : shownLine(removal);
  const stored =
    stores.length === 0
      ? ["Stored on the target: nothing."]
      : stores.map((each) => `Stored on the target: ${shownLine(each)}`);
  return ["", ...stored, ...(stores.length === 0 ? [] : [`Removed again: ${removed}`])];
}

/** A line that is too long goes on below where its text began. */
function fitted(line: string, width: number): readonly string[] {
  const indent = /^( *(?:[A-Z][a-z ]+:)? *)/.exec(line)?.[1] ?? "";
  if (indent.length >= width - 20) return wrapColumns(line, width);
  const lines = wrapColumns(line.slice(indent.length), width - indent.length);
  return lines.map((each, index) => `${index === 0 ? indent : " ".repeat(indent.length)}${each}`.trimEnd());
}
