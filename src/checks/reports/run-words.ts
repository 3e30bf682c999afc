/**
 * What several reports say of a run in the same words: its target, its cost, its change, its commands, its remedies.
 *
 * Always holds: what comes out is one printable line each (`shownLine`).
 */
import type { Framework, Remedy } from "../remedy.ts";
import type {
  BaselineChange,
  CaseReport,
  CheckResult,
  CheckRun,
  RecordedExchange,
} from "../run/check-run.ts";
import { sayBytes, sayCount, sayElapsed, sayMoment } from "./say-figures.ts";
import { shownLine } from "./shown-text.ts";

const FRAMEWORK_NAME: Readonly<Record<Framework, string>> = {
  fastapi: "FastAPI",
  django: "Django",
  flask: "Flask",
};

/** What is known to help, the one for what is at hand first. */
export interface NamedRemedy {
  readonly key: keyof Remedy;
  readonly name: string;
  readonly text: string;
}

/** `POST http://127.0.0.1:8000/documents`. */
export function sayTarget(run: CheckRun): string {
  const { method, origin, path } = run.target;
  return shownLine(`${method} ${origin}${path}`);
}

/** What a report begins with: the run's sentence, and why it ended early where that is not in it anyway. */
export function headline(run: CheckRun): { readonly sentence: string; readonly stop: string | null } {
  const { sentence, stopped } = run;
  if (stopped === null) return { sentence, stop: null };
  const rest = sentence.replace(stopped.sentence, "").trim();
  return rest === "" ? { sentence, stop: null } : { sentence: rest, stop: stopped.sentence };
}

/** `212 requests, 34.5 MB sent, in 41.2 s`. */
export function sayCost(run: CheckRun): string {
  const { requests, sentBytes } = run.cost;
  return `${sayCount(requests, "request")}, ${sayBytes(sentBytes)} sent, in ${sayElapsed(run.elapsedMs)}`;
}

/** `Since the run of 2026-11-21 08:00 UTC: 1 newly broken, 2 mended, 1 as before.`; `null` without an earlier run. */
export function sayChange(baseline: BaselineChange | null): string | null {
  if (baseline === null) return null;
  const { added, fixed, unchanged } = baseline;
  const counts = `${added.length} newly broken, ${fixed.length} mended, ${unchanged.length} as before`;
  return `Since the run of ${shownLine(sayMoment(baseline.startedAt))}: ${counts}.`;
}

/** How a broken result stands beside the earlier run: `new`, `as before`, or `null` where there is none. */
export function sayAge(run: CheckRun, result: CheckResult): string | null {
  if (run.baseline === null) return null;
  if (run.baseline.added.includes(result.fingerprint)) return "new";
  return run.baseline.unchanged.includes(result.fingerprint) ? "as before" : null;
}

/** The gate's remedy first where the gate is in front, then that of the framework at hand; the others follow. */
export function remediesFor(run: CheckRun, remedy: Remedy | null): readonly NamedRemedy[] {
  if (remedy === null) return [];
  const { framework, front } = run.target;
  const gateFirst: (keyof Remedy)[] = front === "sluicegate" ? ["gate"] : [];
  const atHand: (keyof Remedy)[] = framework === null ? [] : [framework];
  const order = new Set<keyof Remedy>([...gateFirst, ...atHand, "gate", "fastapi", "django", "flask"]);
  return [...order].map((key) => ({ key, name: nameOf(key), text: shownLine(remedy[key], 1500) }));
}

function nameOf(key: keyof Remedy): string {
  return key === "gate" ? "Sluicegate in front" : FRAMEWORK_NAME[key];
}

/** `FastAPI`, or that nobody knows. */
export function sayFramework(framework: Framework | null): string {
  return framework === null ? "not known" : FRAMEWORK_NAME[framework];
}

/** The case that decides the state of its check: the first that is in the same state. */
export function decidingCase(result: CheckResult): CaseReport | null {
  return result.cases.find((each) => each.state === result.state) ?? null;
}

/** Cases that are in the state of their check, and so are why it is in it. */
export function decidingCases(result: CheckResult): readonly CaseReport[] {
  return result.cases.filter((each) => each.state === result.state);
}

/** The first request that attacks, else the first of all. */
export function attackOf(report: CaseReport): RecordedExchange | null {
  return report.exchanges.find((each) => each.part === "attack") ?? report.exchanges[0] ?? null;
}

/** Sends the same bytes again; `null` where no evidence was kept. */
export function replayCommand(report: CaseReport): string | null {
  return report.evidence === null ? null : `sluicegate replay ${shellWord(shownLine(report.evidence))}`;
}

/** Explains the check, with the bytes that it sends. */
export function explainCommand(result: CheckResult): string {
  return `sluicegate checks ${shellWord(shownLine(result.id))}`;
}

/** What to fill in for a waiver; `null` where there is no flow to keep it in. */
export function waiveCommand(run: CheckRun, result: CheckResult): string | null {
  if (run.target.flow === null) return null;
  const flow = shellWord(shownLine(run.target.flow));
  return `sluicegate waive ${shellWord(shownLine(result.id))} --flow ${flow} --until YYYY-MM-DD --reason "why" --owner "who"`;
}

/** A word for a POSIX shell: as it is where it is plain, else in single quotes. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
