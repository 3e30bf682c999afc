/**
 * Runs one check against one route: the control first, then each case with its twin, the control again at the end.
 *
 * Always holds: a case only passes where its twin passed too; nothing is said of a route whose control does not pass.
 */
import type { Check, CheckCase, Expectation, Probe, ReceivedUpload, Target, UploadContent } from "./check.ts";
import type { Hooks } from "./hooks.ts";
import { isAccepted, judge, type Outcome } from "./judge.ts";
import { controlProbe } from "./payloads/upload.ts";
import { runScenario } from "./run-scenario.ts";
import type { ScenarioStep } from "./scenario.ts";
import { type Exchange, sendProbe } from "./send-probe.ts";
import { targetAs } from "./target-as.ts";

/** How to look into the service behind the route. */
export interface Evidence {
  /** Forgets what the service got so far. */
  clear(): Promise<void>;
  /**
   * What is there since then. `null` where this cannot be told of this exchange (an answer that names nothing to look for).
   * @param exchange what came back, where what was stored is found by the answer.
   * @param content what was sent with it: tells one's own files from those that others send meanwhile.
   */
  received(exchange?: Exchange, content?: UploadContent): Promise<readonly ReceivedUpload[] | null>;
}

/**
 * - `inconclusive`: there is nothing to judge by (the control failed, or nobody can look into the service);
 * - `manual`: it takes the operator, who has given no way to do it.
 */
export type CaseState = "pass" | "fail" | "inconclusive" | "not-applicable" | "manual";

export interface CaseResult {
  readonly check: Check["id"];
  readonly case: string;
  readonly state: CaseState;
  /** What is wrong, or why nothing can be said. */
  readonly reasons: readonly string[];
  /** Absent where the case was not run. */
  readonly probe?: Outcome;
  readonly twin?: Outcome;
  /** Every request of a scenario, attack and twin. */
  readonly steps?: readonly ScenarioStep[];
}

const ACCEPTED: Expectation = { outcome: "accepted" };
const DEADLINE_MS = 10_000;
const LINGER_MS = 1000;

/**
 * Results in the order of the cases, then of the scenarios.
 * @param evidence `null` where nobody can look into the service
 * @param hooks what the operator can do
 */
export async function runCheck(
  check: Check,
  target: Target,
  evidence: Evidence | null,
  hooks: Hooks = {},
): Promise<readonly CaseResult[]> {
  const { cases, scenarios = [] } = check;
  const before = await controlFails(target, evidence);
  if (before.length > 0) return [...cases, ...scenarios].map((each) => controlFailed(check, each, before));
  const results = await runCases(check, target, evidence);
  for (const scenario of scenarios)
    results.push(await runScenario(scenario, { check, target, evidence, hooks }));
  const after = await controlFails(target, evidence);
  return after.length === 0 ? results : [...results, controlBroken(check, after)];
}

/** One after the other; only cases that mostly wait, and are judged by their answers alone, run at the same time. */
async function runCases(check: Check, target: Target, evidence: Evidence | null): Promise<CaseResult[]> {
  const run = (each: CheckCase) => runCase(check, each, target, evidence);
  if (check.cases.length > 0 && check.cases.every((each) => each.copies !== undefined))
    return Promise.all(check.cases.map(run));
  const results: CaseResult[] = [];
  for (const each of check.cases) results.push(await run(each));
  return results;
}

async function controlFails(target: Target, evidence: Evidence | null): Promise<readonly string[]> {
  const outcome = await send(target, controlProbe(await targetAs(target, "main")), ACCEPTED, evidence);
  return judge(target, ACCEPTED, outcome);
}

function controlFailed(
  check: Check,
  each: { readonly name: string },
  reasons: readonly string[],
): CaseResult {
  const told = reasons.map((reason) => `the control upload fails: ${reason}`);
  return { check: check.id, case: each.name, state: "inconclusive", reasons: told };
}

function controlBroken(check: Check, reasons: readonly string[]): CaseResult {
  const told = reasons.map((reason) => `after this check the control upload fails: ${reason}`);
  return { check: check.id, case: "the control upload afterwards", state: "fail", reasons: told };
}

/** One case: the probe, then its twin; or, where the case has copies, the twin while the copies are under way. */
export async function runCase(
  check: Check,
  each: CheckCase,
  target: Target,
  evidence: Evidence | null,
): Promise<CaseResult> {
  const applies = each.appliesTo(target);
  if (applies !== true)
    return { check: check.id, case: each.name, state: "not-applicable", reasons: [applies] };
  const twinOf = each.twin === "control" ? controlProbe : each.twin;
  const asMain = () => targetAs(target, "main");
  if (each.copies !== undefined) return runCopies(check, each, await asMain(), twinOf(await asMain()));
  const sender = await targetAs(target, each.as ?? "main");
  const probe = await send(target, each.probe(sender), each.expect, evidence);
  const twin = await send(target, twinOf(await asMain()), ACCEPTED, evidence);
  const wrong = judge(target, each.expect, probe);
  const twinWrong = judge(target, ACCEPTED, twin).map((reason) => `the benign twin: ${reason}`);
  const reasons = [...wrong, ...twinWrong];
  return { check: check.id, case: each.name, ...stateOf(target, reasons, each.expect, probe), probe, twin };
}

/** A refusal that cannot be told from an acceptance by looking is left open, and so is an acceptance that nobody can look into. */
function stateOf(
  target: Target,
  reasons: readonly string[],
  expect: Expectation,
  probe: Outcome,
): Pick<CaseResult, "state" | "reasons"> {
  const isOpen =
    probe.received === null && expect.outcome !== "refused" && isAccepted(target, probe.exchange);
  if (reasons.length > 0) return { state: "fail", reasons };
  if (isOpen)
    return { state: "inconclusive", reasons: ["it was accepted, and nobody can look at what was stored"] };
  return { state: "pass", reasons };
}

async function send(
  target: Target,
  probe: Probe,
  expect: Expectation,
  evidence: Evidence | null,
): Promise<Outcome> {
  await evidence?.clear();
  const lingerMs = expect.outcome !== "accepted" && expect.closes === true ? LINGER_MS : 0;
  const exchange = await sendProbe(target.origin, probe, { deadlineMs: DEADLINE_MS, lingerMs });
  const received = (await evidence?.received(exchange, probe.content)) ?? null;
  return { exchange, received, content: probe.content };
}

/** Copies are judged by their answers alone: what the service got is mixed with the twin's. */
async function runCopies(
  check: Check,
  each: CheckCase,
  target: Target,
  twinProbe: Probe,
): Promise<CaseResult> {
  const copies = Array.from({ length: each.copies ?? 1 }, () =>
    send(target, each.probe(target), each.expect, null),
  );
  const twin = await send(target, twinProbe, ACCEPTED, null);
  const probes = await Promise.all(copies);
  const wrong = probes.flatMap((probe) => judge(target, each.expect, probe));
  const twinWrong = judge(target, ACCEPTED, twin).map((reason) => `the benign twin meanwhile: ${reason}`);
  const reasons = [...new Set([...wrong, ...twinWrong])];
  const [probe] = probes;
  const state: CaseState = reasons.length > 0 ? "fail" : "pass";
  return {
    check: check.id,
    case: each.name,
    state,
    reasons,
    twin,
    ...(probe === undefined ? {} : { probe }),
  };
}
