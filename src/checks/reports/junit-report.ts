/**
 * A run as JUnit XML, for systems that know tests: a suite a check, a test a case.
 *
 * Always holds: well-formed XML 1.0 whatever the target answered; what does not apply, is for a person or is waived is skipped with its reason;
 * what cannot be told is an error, so that nobody takes it for passed. A warning passes, with its text in the output.
 */
import type { CaseReport, CheckResult, CheckRun } from "../run/check-run.ts";
import { explainCommand, remediesFor, replayCommand, sayCost, sayTarget } from "./run-words.ts";
import { shownLine } from "./shown-text.ts";

type Outcome = "failure" | "error" | "skipped" | "passed";

const OUTCOME_OF: Readonly<Record<CaseReport["state"], Outcome>> = {
  pass: "passed",
  warn: "passed",
  fail: "failure",
  inconclusive: "error",
  error: "error",
  "not-applicable": "skipped",
  manual: "skipped",
  waived: "skipped",
};
const REASONS_MAX = 8;
/** Stands for what was not come to. */
const UNFINISHED: CaseReport = {
  name: "the run goes to its end",
  state: "error",
  confidence: null,
  reasons: [],
  promised: null,
  observed: null,
  diff: [],
  exchanges: [],
  elapsedMs: 0,
  evidence: null,
};

/** The XML, UTF-8, ending in a line break. */
export function junitReport(run: CheckRun): string {
  const suites = run.results.map((result) => ({ result, cases: casesOf(run, result) }));
  const all = suites.flatMap(({ cases }) => cases);
  const total = counts([...all, ...(run.stopped === null ? [] : [UNFINISHED])]);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: nameOf(run), ...total, time: seconds(run.elapsedMs) })}>`,
    ...suites.map(({ result, cases }) => suite(run, result, cases)),
    ...(run.stopped === null ? [] : [stopSuite(run, run.stopped.sentence)]),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

/** Of a check that has no case left (it broke off, say) the check itself is the test. */
function casesOf(run: CheckRun, result: CheckResult): readonly CaseReport[] {
  if (result.cases.length > 0) return result.cases;
  const { title: name, state, confidence } = result;
  const whole: CaseReport = { ...UNFINISHED, name, state, confidence, reasons: [result.sentence] };
  return [run.stopped === null ? whole : { ...whole, reasons: [result.sentence, run.stopped.sentence] }];
}

function nameOf(run: CheckRun): string {
  return `sluicegate check ${run.target.flow ?? `${run.target.method} ${run.target.path}`}`;
}

function counts(cases: readonly CaseReport[]): Record<string, string> {
  const count = (outcome: Outcome) =>
    String(cases.filter((each) => OUTCOME_OF[each.state] === outcome).length);
  return {
    tests: String(cases.length),
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
  };
}

function suite(run: CheckRun, result: CheckResult, cases: readonly CaseReport[]): string {
  const elapsedMs = cases.reduce((sum, each) => sum + each.elapsedMs, 0);
  const named = { name: `${result.id} ${result.title}`, ...counts(cases) };
  const properties = { target: sayTarget(run), spent: sayCost(run), standards: result.standards.join(" ") };
  return [
    `  <testsuite ${attributes({ ...named, time: seconds(elapsedMs), timestamp: run.startedAt.replace(/(\.\d+)?Z$/, "") })}>`,
    "    <properties>",
    ...Object.entries(properties).map(([name, value]) => `      <property ${attributes({ name, value })}/>`),
    "    </properties>",
    ...cases.map((each) => testCase(run, result, each)),
    "  </testsuite>",
  ].join("\n");
}

function testCase(run: CheckRun, result: CheckResult, report: CaseReport): string {
  const named = attributes({ name: report.name, classname: result.id, time: seconds(report.elapsedMs) });
  const location = run.target.flowFile === null ? "" : ` ${attributes({ file: run.target.flowFile.path })}`;
  const inside = outcome(run, result, report);
  return inside === ""
    ? `    <testcase ${named}${location}/>`
    : `    <testcase ${named}${location}>\n${inside}\n    </testcase>`;
}

function outcome(run: CheckRun, result: CheckResult, report: CaseReport): string {
  const told = text(run, result, report);
  const message = report.reasons[0] ?? result.sentence;
  switch (OUTCOME_OF[report.state]) {
    case "failure":
      return element("failure", { message, type: result.id }, told);
    case "error":
      return element("error", { message, type: report.state }, told);
    case "skipped":
      return element("skipped", { message: skipReason(result, report) }, "");
    case "passed":
      return report.state === "warn" ? element("system-out", {}, `Warning: ${told}`) : "";
  }
}

function skipReason(result: CheckResult, report: CaseReport): string {
  const reason = report.reasons[0] ?? result.sentence;
  if (report.state === "waived" && result.waiver !== null) {
    const { until, owner, reason: why } = result.waiver;
    return `Waived until ${until} by ${owner}: ${why}. It fails: ${reason}`;
  }
  if (report.state !== "manual") return `Not for this route: ${reason}`;
  const { manual } = result;
  return manual === null
    ? `For a person: ${reason}`
    : `${manual.who} looked on ${manual.when}: ${manual.result}. ${manual.note}`;
}

function text(run: CheckRun, result: CheckResult, report: CaseReport): string {
  const [remedy] = remediesFor(run, result.remedy);
  const lines = [
    result.sentence,
    ...report.reasons.slice(0, REASONS_MAX),
    ...(report.promised === null ? [] : [`Promised: ${report.promised}`]),
    ...(report.observed === null ? [] : [`Observed: ${report.observed}`]),
    ...(remedy === undefined ? [] : [`What to do (${remedy.name}): ${remedy.text}`]),
    `Closer: ${[replayCommand(report), explainCommand(result)].filter((each) => each !== null).join(" ; ")}`,
  ];
  return lines.map((line) => shownLine(line, 800)).join("\n");
}

/** So that a run that could do nothing is no green one. */
function stopSuite(run: CheckRun, sentence: string): string {
  const total = attributes({
    name: "the run",
    tests: "1",
    failures: "0",
    errors: "1",
    skipped: "0",
    time: seconds(run.elapsedMs),
  });
  const inside = element("error", { message: sentence, type: "stopped" }, "");
  return `  <testsuite ${total}>\n    <testcase ${attributes({ name: UNFINISHED.name, classname: "run", time: "0.000" })}>\n${inside}\n    </testcase>\n  </testsuite>`;
}

function element(name: string, named: Readonly<Record<string, string>>, content: string): string {
  const start = [name, attributes(named)].filter((part) => part !== "").join(" ");
  return content === "" ? `      <${start}/>` : `      <${start}>${escapeXml(content)}</${name}>`;
}

function attributes(named: Readonly<Record<string, string>>): string {
  return Object.entries(named)
    .map(([name, value]) => `${name}="${escapeXml(shownLine(value, 500))}"`)
    .join(" ");
}

/** Characters that XML 1.0 cannot hold are gone by `shownLine`. */
function escapeXml(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
