/**
 * Runs one check against one route: the control first, then each case with its twin, the control again at the end.
 *
 * Always holds: a case only passes where its twin passed too; nothing is said of a route whose control does not pass.
 */
import type { Check, CheckCase, Expectation, ReceivedUpload, Target, UploadContent } from "./check.ts";
import type { Hooks } from "./hooks.ts";
import { judge, type Outcome } from "./judge.ts";
import { ACCEPTED, judgeCase, judgeCopies } from "./judge-case.ts";
import { controlProbe } from "./payloads/upload.ts";
import { runScenario } from "./run-scenario.ts";
import type { ScenarioStep } from "./scenario.ts";
import { type Send, type Sending, sendDirectly } from "./send.ts";
import type { Exchange } from "./send-probe.ts";
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
  /** Is told of an exchange that is not looked into, so that what it stored can be removed. */
  saw?(exchange: Exchange): void;
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
  /** It fails only in what nobody has promised of the route. */
  readonly isUnpromised?: boolean;
  /** Every request of a scenario, attack and twin. */
  readonly steps?: readonly ScenarioStep[];
}

const DEADLINE_MS = 10_000;
/** So that it can still be told how late an answer was. */
const PATIENCE_MS = 1000;
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
  return judge(target, ACCEPTED, await look(target, await controlOf(target), evidence));
}

type Looked = Pick<Sending, "part" | "name" | "probe"> & { readonly expect: Expectation };

/** The control upload, as whoever may send. */
export async function controlOf(target: Target): Promise<Looked> {
  const probe = controlProbe(await targetAs(target, "main"));
  return { part: "control", name: "the control upload", probe, expect: ACCEPTED };
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
async function runCase(
  check: Check,
  each: CheckCase,
  target: Target,
  evidence: Evidence | null,
): Promise<CaseResult> {
  const applies = each.appliesTo(target);
  if (applies !== true)
    return { check: check.id, case: each.name, state: "not-applicable", reasons: [applies] };
  if (each.copies !== undefined) return runCopies(check, each, target);
  const probe = await look(target, await attackOf(each, target), evidence);
  const twin = await look(target, await twinOf(each, target), evidence);
  return { check: check.id, case: each.name, ...judgeCase(target, each, probe, twin), probe, twin };
}

/** The attack of a case, as whoever sends it. @throws where the target has nobody of that kind */
export async function attackOf(each: CheckCase, target: Target): Promise<Looked> {
  const probe = each.probe(await targetAs(target, each.as ?? "main"));
  return { part: "attack", name: each.name, probe, expect: each.expect };
}

/** Its benign neighbour, which `main` sends. */
export async function twinOf(each: CheckCase, target: Target): Promise<Looked> {
  const make = each.twin === "control" ? controlProbe : each.twin;
  return {
    part: "twin",
    name: "the benign twin",
    probe: make(await targetAs(target, "main")),
    expect: ACCEPTED,
  };
}

/** Sends one probe, and looks at what the service got. */
export async function look(
  target: Target,
  sending: Looked,
  evidence: Evidence | null,
  send: Send = sendDirectly,
): Promise<Outcome> {
  const { probe, expect } = sending;
  await evidence?.clear();
  const lingerMs = expect.outcome !== "accepted" && expect.closes === true ? LINGER_MS : 0;
  const exchange = await send({
    ...sending,
    origin: target.origin,
    limits: { deadlineMs: deadlineOf(expect), lingerMs },
  });
  const received = (await evidence?.received(exchange, probe.content)) ?? null;
  return { exchange, received, content: probe.content };
}

/** Where an answer has a time of its own, nothing that comes long after it could still be right. */
function deadlineOf({ withinMs }: Expectation): number {
  return withinMs === undefined ? DEADLINE_MS : Math.min(DEADLINE_MS, withinMs + PATIENCE_MS);
}

/** Copies and twin at the same time: nobody can tell whose the stored files are. */
export async function lookAtCopies(
  each: CheckCase,
  target: Target,
  send: Send = sendDirectly,
): Promise<{ readonly copies: readonly Outcome[]; readonly twin: Outcome }> {
  const sendings = await Promise.all(Array.from({ length: each.copies ?? 1 }, () => attackOf(each, target)));
  const twin = await twinOf(each, target);
  const copies = sendings.map((sending) => look(target, sending, null, send));
  const [looked, ...others] = await Promise.all([look(target, twin, null, send), ...copies]);
  return { copies: others, twin: looked };
}

async function runCopies(check: Check, each: CheckCase, target: Target): Promise<CaseResult> {
  const { copies, twin } = await lookAtCopies(each, target);
  const [probe] = copies;
  const about = { check: check.id, case: each.name, ...judgeCopies(target, each, copies, twin), twin };
  return probe === undefined ? about : { ...about, probe };
}
