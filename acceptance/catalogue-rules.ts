/**
 * What the acceptance tests of the catalogue share: running a check on a route, what this gate's refusals must look like beyond what the
 * catalogue asks of any server, and the table at the end.
 */
import assert from "node:assert/strict";
import { headerOf } from "../src/checks/answer-reader.ts";
import { CATALOGUE } from "../src/checks/catalogue.ts";
import type { Check, Expectation, Target } from "../src/checks/check.ts";
import type { Hooks } from "../src/checks/hooks.ts";
import { type CaseResult, type Evidence, runCheck } from "../src/checks/run-check.ts";
import type { Exchange } from "../src/checks/send-probe.ts";
import type { GateUnderTest } from "./gate-under-test.ts";

/** One check on one route. */
export interface CheckedRow {
  readonly check: Check;
  readonly results: readonly CaseResult[];
  readonly seconds: number;
}

/** The checks of some classes, such as `PM`. */
export function checksOf(...classes: readonly string[]): readonly Check[] {
  return CATALOGUE.filter((check) => classes.includes(check.id.slice(4, 6)));
}

/** What a check is run with. */
export interface CheckRun {
  readonly target: Target;
  readonly evidence: Evidence;
  /** The one that runs now; a check may have started another. */
  readonly gate: () => GateUnderTest;
  readonly hooks?: Hooks;
}

/** Runs a check and holds that nothing is wrong, nothing is left over, and the gate lives. @returns the row for the table */
export async function runOn(check: Check, run: CheckRun): Promise<CheckedRow> {
  const startedAt = performance.now();
  const results = await runCheck(check, run.target, run.evidence, run.hooks ?? {});
  const judged = results.map((result) => withGateRules(check, result));
  const wrong = judged.filter((result) => result.state === "fail" || result.state === "inconclusive");
  const told = wrong.map((result) => `${result.case}: ${result.reasons.join("; ")}`);
  await quarantineIsEmpty(run.gate());
  assert.ok(run.gate().isRunning(), `the gate has ended:\n${run.gate().log()}`);
  assert.deepEqual(told, []);
  return { check, results: judged, seconds: (performance.now() - startedAt) / 1000 };
}

/** What is left of a refused body is removed behind the answer: soon, not at once. */
export async function quarantineIsEmpty(gate: GateUnderTest): Promise<void> {
  const givesUpAt = performance.now() + 3000;
  let left = await gate.quarantined();
  while (left.length > 0 && performance.now() < givesUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    left = await gate.quarantined();
  }
  assert.deepEqual(left, [], "left in quarantine");
}

/** Beyond what the catalogue asks of any server: this gate's refusals are problems with the documented code. */
export function withGateRules(check: Check, result: CaseResult): CaseResult {
  const each = check.cases.find((candidate) => candidate.name === result.case);
  const exchange = result.probe?.exchange;
  const wrong = each === undefined || exchange === undefined ? [] : problemFaults(each.expect, exchange);
  for (const step of result.steps ?? []) {
    if (step.expect !== undefined) wrong.push(...problemFaults(step.expect, step.exchange));
  }
  return wrong.length === 0 ? result : { ...result, state: "fail", reasons: [...result.reasons, ...wrong] };
}

function problemFaults(expect: Expectation, exchange: Exchange): string[] {
  const [answer] = exchange.answers;
  if (answer === undefined || answer.status < 400 || expect.outcome === "accepted") return [];
  // Without a code it is not this gate that is asked, or what it says is judged elsewhere.
  if (expect.gateCodes.length === 0 || answer.body.length === 0) return [];
  if (headerOf(answer, "content-type")?.startsWith("application/problem+json") !== true) {
    return [`a refusal that is no problem document: ${headerOf(answer, "content-type")}`];
  }
  const problem = JSON.parse(Buffer.from(answer.body).toString()) as Record<string, unknown>;
  const faults = ["type", "title", "status", "detail", "code", "retry", "requestId"]
    .filter((member) => problem[member] === undefined)
    .map((member) => `the problem has no ${member}`);
  if (problem.status !== answer.status) faults.push(`the problem says status ${problem.status}`);
  if (!expect.gateCodes.includes(String(problem.code))) {
    faults.push(`code ${problem.code} (${problem.detail}), expected ${expect.gateCodes.join(" or ")}`);
  }
  return faults;
}

/** Ids of the checks of some classes that have passed nowhere: they have said nothing. */
export function silentChecks(rows: readonly CheckedRow[], ...classes: readonly string[]): string[] {
  const spoken = rows.filter(({ results }) => results.some(({ state }) => state === "pass"));
  const ids = new Set(spoken.map(({ check }) => check.id));
  return checksOf(...classes)
    .map(({ id }) => id)
    .filter((id) => !ids.has(id));
}

/** Prints one line a check, and the sum. */
export function printTable(rows: readonly CheckedRow[]): void {
  console.log("check      passed  failed  not applicable  manual  seconds  title");
  for (const [, group] of Map.groupBy(rows, (row) => row.check.id)) console.log(line(group));
  const all = rows.flatMap((row) => row.results);
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  console.log(
    `${count(all, "pass")} passed, ${count(all, "fail", "inconclusive")} failed, about ${requests(rows)} requests in ${seconds.toFixed(1)} s`,
  );
}

const count = (results: readonly CaseResult[], ...states: readonly string[]): number =>
  results.filter((result) => states.includes(result.state)).length;

function line(group: readonly CheckedRow[]): string {
  const results = group.flatMap((row) => row.results);
  const seconds = group.reduce((sum, row) => sum + row.seconds, 0);
  const cells = [
    String(count(results, "pass")).padStart(6),
    String(count(results, "fail", "inconclusive")).padStart(6),
    String(count(results, "not-applicable")).padStart(14),
    String(count(results, "manual")).padStart(6),
    seconds.toFixed(1).padStart(7),
  ];
  return `${group[0]?.check.id}  ${cells.join("  ")}  ${group[0]?.check.title ?? ""}`;
}

/** Controls before and after each check, and what each case sent. */
function requests(rows: readonly CheckedRow[]): number {
  const sent = rows
    .flatMap((row) => row.results)
    .map((result) => {
      if (result.steps !== undefined) return result.steps.length;
      return result.probe === undefined ? 0 : 2;
    });
  return 2 * rows.length + sent.reduce((sum, each) => sum + each, 0);
}
