/**
 * A run as SARIF 2.1.0, for code scanning: a rule a check, a result for what became of it, at the line of the flow file that promises it.
 *
 * Always holds: valid by the published schema; addresses are percent-encoded, texts printable; broken is `error`, warned `warning`, what cannot be
 * told `note`, all else of a kind that is no failure; what is waived is there and suppressed.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
import type { CheckResult, CheckRun, CheckState } from "../run/check-run.ts";
import {
  decidingCase,
  decidingCases,
  explainCommand,
  remediesFor,
  replayCommand,
  sayTarget,
} from "./run-words.ts";
import { locations, TARGET_BASE } from "./sarif-locations.ts";
import { webExchange } from "./sarif-web.ts";
import { sayCount } from "./say-figures.ts";
import { shownLine } from "./shown-text.ts";
import { referenceOf } from "./standards.ts";

interface Judgement {
  readonly kind: "fail" | "pass" | "review" | "notApplicable";
  readonly level: "error" | "warning" | "note" | "none";
}

/** A level other than `none` goes with the kind `fail` alone. @see SARIF 2.1.0 section 3.27.10 */
const JUDGEMENT: Readonly<Record<CheckState, Judgement>> = {
  fail: { kind: "fail", level: "error" },
  waived: { kind: "fail", level: "error" },
  warn: { kind: "fail", level: "warning" },
  inconclusive: { kind: "fail", level: "note" },
  error: { kind: "fail", level: "note" },
  manual: { kind: "review", level: "none" },
  pass: { kind: "pass", level: "none" },
  "not-applicable": { kind: "notApplicable", level: "none" },
};

/** The SARIF log, JSON, ending in a line break. */
export function sarifReport(run: CheckRun): string {
  const [name = "sluicegate", version = ""] = run.program.split(" ");
  const driver = {
    name,
    version,
    fullName: "Sluicegate's checks of upload routes",
    rules: run.results.map((each) => rule(run, each)),
  };
  const origin = URL.parse(run.target.origin)?.origin ?? "http://localhost";
  const description = { text: "The service that was checked." };
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver },
        automationDetails: {
          id: `sluicegate-check/${encodeURIComponent((run.target.flow ?? "route").toWellFormed())}/`,
        },
        originalUriBaseIds: { [TARGET_BASE]: { uri: `${origin}/`, description } },
        invocations: [invocation(run)],
        columnKind: "utf16CodeUnits",
        redactionTokens: ["***"],
        results: run.results.map((result, index) => resultOf(run, result, index)),
        properties: {
          sentence: shownLine(run.sentence),
          runId: run.id,
          profile: run.profile,
          cost: run.cost,
        },
      },
    ],
  };
  return `${JSON.stringify(log, null, 1)}\n`;
}

function rule(run: CheckRun, result: CheckResult) {
  const remedies = remediesFor(run, result.remedy);
  const references = result.standards.map((each) => shownLine(referenceOf(each).name, 100));
  const cwes = result.standards
    .filter((each) => /^CWE-\d+$/.test(each))
    .map((each) => `external/cwe/${each.toLowerCase()}`);
  const advice = remedies.map(({ name, text }) => `${name}: ${text}`);
  const closer = explainCommand(result);
  return {
    id: shownLine(result.id, 100),
    shortDescription: { text: shownLine(result.title) },
    fullDescription: { text: shownLine(result.why) },
    help: {
      text: [
        shownLine(result.why),
        ...advice,
        `References: ${references.join(", ")}`,
        `Explained by: ${closer}`,
      ].join("\n\n"),
    },
    defaultConfiguration: { level: "error" },
    properties: { tags: ["security", "file-upload", ...new Set(cwes)] },
  };
}

function resultOf(run: CheckRun, result: CheckResult, ruleIndex: number) {
  const report = decidingCase(result);
  return {
    ruleId: shownLine(result.id, 100),
    ruleIndex,
    ...JUDGEMENT[result.state],
    message: { text: message(result) },
    ...locations(run, result),
    partialFingerprints: { "sluicegateCheck/v1": shownLine(result.fingerprint) },
    ...suppressions(result),
    ...baselineState(run, result),
    ...(report === null || result.state === "pass" ? {} : webExchange(report)),
    properties: {
      state: result.state,
      confidence: result.confidence,
      cases: result.cases.length,
      target: sayTarget(run),
      evidence: report?.evidence == null ? null : shownLine(report.evidence),
    },
  };
}

/** What is wrong, what was promised and observed, and how to look closer: alerts often show nothing else. */
function message(result: CheckResult): string {
  const report = decidingCase(result);
  const isOpen = result.state === "inconclusive" || result.state === "error";
  const count = decidingCases(result).length;
  const replay = report === null ? null : replayCommand(report);
  const lines = [
    `${isOpen ? "Could not be checked: " : ""}${shownLine(result.sentence)}`,
    ...(report?.promised == null ? [] : [`Promised: ${shownLine(report.promised)}`]),
    ...(report?.observed == null ? [] : [`Observed: ${shownLine(report.observed)}`]),
    ...(count > 1 ? [`${sayCount(count, "case")} of this check, the first is told here.`] : []),
    ...(replay === null ? [] : [`Closer: ${replay}`]),
  ];
  return lines.join("\n");
}

/** A waiver stands outside of the code, in the flow's folder, and has been accepted by who signed it. */
function suppressions({ state, waiver }: CheckResult) {
  if (state !== "waived" || waiver === null) return {};
  const justification = shownLine(`Until ${waiver.until}, by ${waiver.owner}: ${waiver.reason}`);
  return { suppressions: [{ kind: "external", status: "accepted", justification }] };
}

/** Only of what is broken, or was: of all else a run does not know how it was before. */
function baselineState({ baseline }: CheckRun, { fingerprint }: CheckResult) {
  if (baseline?.added.includes(fingerprint)) return { baselineState: "new" };
  if (baseline?.unchanged.includes(fingerprint)) return { baselineState: "unchanged" };
  return baseline?.fixed.includes(fingerprint) ? { baselineState: "updated" } : {};
}

function invocation(run: CheckRun) {
  const endedAt = new Date(Date.parse(run.startedAt) + run.elapsedMs);
  const isKnown = !Number.isNaN(endedAt.getTime());
  const broken = run.results.filter(({ state }) => state === "error");
  const notifications = [
    ...(run.stopped === null ? [] : [{ level: "error", message: { text: shownLine(run.stopped.sentence) } }]),
    ...broken.map((result) => ({
      level: "warning",
      message: { text: shownLine(result.sentence) },
      associatedRule: { id: shownLine(result.id, 100) },
    })),
  ];
  return {
    executionSuccessful: run.stopped === null,
    exitCode: run.exitCode,
    ...(isKnown
      ? { startTimeUtc: new Date(run.startedAt).toISOString(), endTimeUtc: endedAt.toISOString() }
      : {}),
    toolExecutionNotifications: notifications,
  };
}
