/**
 * Runs one planned case or scenario, and says what came of it. The control upload is the twin of most; it is sent around their group, not here.
 *
 * Always holds: it never throws; what the run cut short, or what the target put off, is inconclusive; a bug in a check is an error; a target that says
 * "not now" is asked once more after the time that it names.
 */
import type { CheckCase, Expectation, Target } from "../check.ts";
import type { Hooks } from "../hooks.ts";
import type { Outcome } from "../judge.ts";
import { ACCEPTED, judgeCase, judgeCopies } from "../judge-case.ts";
import { attackOf, type Evidence, look, lookAtCopies, twinOf } from "../run-check.ts";
import { BROKE_OFF, runScenario } from "../run-scenario.ts";
import type { Scenario } from "../scenario.ts";
import type { Send } from "../send.ts";
import { askedToWaitMs, isExpectedBusy } from "./asked-to-wait.ts";
import type { CaseReport, CheckState, Confidence, RecordedExchange } from "./check-run.ts";
import { NOBODY_PROMISED } from "./conclude-check.ts";
import { confidenceOf, confidenceOfPlay } from "./confidence.ts";
import { deadlineMsFor } from "./patience.ts";
import type { PlannedCase } from "./plan-run.ts";
import { NotReadOnly, readingOnly } from "./read-only.ts";
import type { Redaction } from "./redaction.ts";
import { requestDiff } from "./request-diff.ts";
import { type CaseLog, type LoggedExchange, RunEnded, type RunWire } from "./run-wire.ts";
import { sayObserved, sayPromise, wantedOf } from "./say-outcome.ts";

/** What a case is run with. */
export interface CaseRunner {
  readonly runId: string;
  readonly target: Target;
  readonly evidence: Evidence | null;
  readonly hooks: Hooks;
  readonly wire: RunWire;
  readonly redaction: Redaction;
  /** The latest control upload that passed; `null` where none was sent. */
  readonly control: LoggedExchange | null;
  readonly isReadOnly: boolean;
}

interface Told {
  readonly state: CheckState;
  readonly reasons: readonly string[];
  readonly confidence: Confidence | null;
  readonly observed: string | null;
  /** Whether the target refused, or accepted, what it should refuse; `null` where this does not tell. */
  readonly took?: boolean | null;
}

/** A report, and what the whole run wants to know beside it. */
export interface RanCase {
  readonly planned: PlannedCase;
  readonly report: CaseReport;
  /** A hostile upload that was accepted (`true`) or refused (`false`); `null` where none was answered. */
  readonly took: boolean | null;
}

export async function runOne(planned: PlannedCase, runner: CaseRunner): Promise<RanCase> {
  const begunAt = performance.now();
  const log: CaseLog = {
    exchanges: [],
    isOddOnPurpose:
      planned.kind === "case" ? planned.each.copies !== undefined : planned.each.faults.length > 0,
  };
  const told = await tellOf(planned, runner, log);
  const elapsedMs = Math.round(performance.now() - begunAt);
  return {
    planned,
    took: told.took ?? null,
    report: runner.redaction.data(reportOf(planned, told, { runner, log, elapsedMs }), "bodyStart", "sha256"),
  };
}

async function tellOf(planned: PlannedCase, runner: CaseRunner, log: CaseLog): Promise<Told> {
  try {
    return planned.kind === "case"
      ? await tellCase(planned, planned.each, runner, log)
      : await tellScenario(planned, planned.each, runner, log);
  } catch (error) {
    return tellError(error);
  }
}

function tellError(error: unknown): Told {
  const nothing = { confidence: null, observed: null };
  if (error instanceof RunEnded)
    return { ...nothing, state: "inconclusive", reasons: [`cut short: ${error.message}`] };
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const message = error instanceof Error && error.message !== "" ? error.message : String(error);
  const reason =
    typeof code === "string" ? `no connection: ${message}` : `the check itself failed: ${message}`;
  return { ...nothing, state: "error", reasons: [reason] };
}

/** Pause after each piece, where an answer was lost to a reset: more each time. */
const PIECE_MS = 3;
const LOST_MAX = 2;

/** What a target says that puts it off. */
class PutOff extends Error {}

async function tellCase(
  { cost }: PlannedCase,
  each: CheckCase,
  runner: CaseRunner,
  log: CaseLog,
): Promise<Told> {
  const { target } = runner;
  const controlMs = runner.control?.exchange.elapsedMs ?? null;
  const deadlineMs = deadlineMsFor(each.expect, target, cost.sentBytes, controlMs);
  const send: Send = (sending) =>
    runner.wire.send({ ...sending, limits: { ...sending.limits, deadlineMs } }, log);
  if (each.copies !== undefined) {
    const { copies, twin } = await lookAtCopies(each, target, send);
    for (const { exchange } of [...copies, twin]) runner.evidence?.saw?.(exchange);
    const { state, reasons } = judgeCopies(target, each, copies, twin);
    const [first = twin] = copies;
    return tellOutcome(state, reasons, each.expect, first, target);
  }
  try {
    const attack = await patiently(each.expect, { runner, log }, async (pieceMs) => {
      const paced: Send = (sending) => send({ ...sending, limits: { ...sending.limits, pieceMs } });
      return look(target, await attackOf(each, target), runner.evidence, paced);
    });
    const hasTwin = each.twin !== "control";
    const twin = hasTwin
      ? await patiently(ACCEPTED, { runner, log }, async () =>
          look(target, await twinOf(each, target), runner.evidence, send),
        )
      : null;
    const { state, reasons } = judgeCase(target, each, attack, twin);
    const isNothingStored = attack.received === null || attack.received.length === 0;
    if (state === "fail" && isNothingStored && isLostToReset(attack, log)) return open(LOST_TO_RESET);
    return tellOutcome(state, reasons, each.expect, attack, target);
  } catch (error) {
    if (!(error instanceof PutOff)) throw error;
    return open(error.message);
  }
}

function open(reason: string): Told {
  return { state: "inconclusive", reasons: [reason], confidence: null, observed: null };
}

const LOST_TO_RESET =
  "the connection was reset while the upload was being sent, three times, before any answer could be read: a refusal cannot be told from a crash";

/** While more was to be sent than was taken, a reset takes an answer with it that was on its way. */
function isLostToReset({ exchange }: Outcome, { exchanges }: CaseLog): boolean {
  const { answers, end, takenBytes } = exchange;
  const logged = exchanges.find((each) => each.exchange === exchange);
  return answers.length === 0 && end === "reset" && takenBytes < (logged?.sent.totalBytes ?? 0);
}

/**
 * Asks again once where the target says "not now", and that is not what was to be seen; or where an answer was lost to a reset.
 * @throws PutOff where it still says so
 */
async function patiently(
  expect: Expectation,
  { runner, log }: { readonly runner: CaseRunner; readonly log: CaseLog },
  ask: (pieceMs: number) => Promise<Outcome>,
): Promise<Outcome> {
  const { wire } = runner;
  for (let tries = 0; ; tries += 1) {
    const outcome = await ask(tries * PIECE_MS);
    const mayReset = expect.outcome === "accepted" || expect.mayJustClose === true;
    if (tries < LOST_MAX && !mayReset && isLostToReset(outcome, log)) continue;
    const status = outcome.exchange.answers[0]?.status ?? 0;
    const ms = askedToWaitMs(outcome.exchange);
    if (ms === null || isExpectedBusy(expect, status)) return outcome;
    const why = `the target answers ${status} and asks to wait ${Math.ceil(ms / 1000)} s`;
    if (tries > 0 || !(await wire.wait(ms, why))) throw new PutOff(`${why}: nothing can be told`);
  }
}

function tellOutcome(
  state: CheckState,
  reasons: readonly string[],
  expect: Expectation,
  attack: Outcome,
  target: Target,
): Told {
  const status = attack.exchange.answers[0]?.status;
  const isHostile = expect.outcome !== "accepted" && status !== undefined;
  return {
    state,
    reasons,
    confidence: confidenceOf(state, target, attack),
    observed: sayObserved(attack.exchange, attack.received),
    took: isHostile ? status >= 200 && status < 300 : null,
  };
}

async function tellScenario(
  { check, cost }: PlannedCase,
  scenario: Scenario,
  runner: CaseRunner,
  log: CaseLog,
): Promise<Told> {
  const { target, hooks, wire } = runner;
  const seen = watchEvidence(runner.evidence);
  const plain: Send = (sending) => wire.send(sending, log);
  const refusals: Error[] = [];
  const reading = runner.isReadOnly ? readingOnly(plain, runner.control, runner.redaction) : plain;
  const send: Send = async (sending) => {
    try {
      return await reading(sending);
    } catch (error) {
      if (error instanceof RunEnded || error instanceof NotReadOnly) refusals.push(error);
      throw error;
    }
  };
  // Under load, and while a fault is in force, an answer may take its time.
  const isUsual = scenario.faults.length === 0 && !check.flags.includes("b");
  const deadlineMs = deadlineMsFor(
    ACCEPTED,
    target,
    cost.sentBytes,
    runner.control?.exchange.elapsedMs ?? null,
  );
  const run = {
    ...{ check, target, evidence: seen.evidence, hooks, send, isControlSent: true },
    ...(isUsual ? { deadlineMs } : {}),
  };
  let result = await runScenario(scenario, run);
  const putOff = putOffBy(log);
  if (putOff !== null && (await wire.wait(putOff.ms, putOff.why))) {
    log.exchanges.length = 0;
    result = await runScenario(scenario, run);
  }
  const [refusal] = refusals;
  if (refusal instanceof NotReadOnly) return leftOut(refusal.message);
  if (refusal !== undefined) throw refusal;
  const still = putOffBy(log);
  if (still !== null) return open(`${still.why}: nothing can be told`);
  if (result.state === "pass" && result.steps?.length === 0 && scenario.hooks.length === 0)
    return open("nothing was sent, so nothing was seen");
  const isSeen = seen.wasSeen() || scenario.hooks.length > 0;
  const isBroken =
    result.state === "inconclusive" && result.reasons.every((each) => each.startsWith(BROKE_OFF));
  return {
    state: isBroken ? "error" : result.isUnpromised === true ? "warn" : result.state,
    reasons: result.isUnpromised === true ? [...result.reasons, NOBODY_PROMISED] : result.reasons,
    confidence: confidenceOfPlay(result.state, isSeen),
    observed: sayPlay(log),
  };
}

/** A step that had to be accepted or refused otherwise, and was put off. */
function putOffBy(log: CaseLog): { readonly ms: number; readonly why: string } | null {
  for (const { sending, exchange } of log.exchanges) {
    const status = exchange.answers[0]?.status ?? 0;
    const ms = askedToWaitMs(exchange);
    if (log.isOddOnPurpose || ms === null || sending.expect === undefined) continue;
    if (!isExpectedBusy(sending.expect, status))
      return { ms, why: `the target answers ${status} and asks to wait ${Math.ceil(ms / 1000)} s` };
  }
  return null;
}

function sayPlay({ exchanges }: CaseLog): string | null {
  const attacks = exchanges.filter(({ sending }) => sending.part === "attack");
  if (attacks.length === 0) return null;
  const counts = new Map<string, number>();
  for (const { exchange } of attacks) {
    const status = String(exchange.answers[0]?.status ?? "no answer");
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const told = [...counts].map(([status, count]) => (count === 1 ? status : `${count} × ${status}`));
  return `${attacks.length === 1 ? "the request was" : `${attacks.length} requests were`} answered: ${told.join(", ")}`;
}

function leftOut(why: string): Told {
  return { state: "not-applicable", reasons: [`left out: ${why}`], confidence: null, observed: null };
}

/** The same evidence, which remembers whether it could tell anything. */
function watchEvidence(evidence: Evidence | null): { evidence: Evidence | null; wasSeen: () => boolean } {
  let isSeen = false;
  if (evidence === null) return { evidence, wasSeen: () => false };
  const watched: Evidence = {
    clear: () => evidence.clear(),
    saw: (exchange) => evidence.saw?.(exchange),
    received: async (exchange, content) => {
      const received = await evidence.received(exchange, content);
      isSeen ||= received !== null;
      return received;
    },
  };
  return { evidence: watched, wasSeen: () => isSeen };
}

function reportOf(
  planned: PlannedCase,
  told: Told,
  {
    runner,
    log,
    elapsedMs,
  }: { readonly runner: CaseRunner; readonly log: CaseLog; readonly elapsedMs: number },
): CaseReport {
  const expect = planned.kind === "case" ? planned.each.expect : null;
  const statuses = runner.target.acceptedStatuses;
  return {
    name: planned.name,
    state: told.state,
    confidence: told.confidence,
    reasons: told.reasons,
    promised: expect === null ? null : sayPromise(expect, statuses),
    observed: told.observed,
    diff: diffOf(planned, log, runner.control),
    exchanges: inOrder(log),
    elapsedMs,
    evidence:
      log.exchanges.length === 0 || told.state === "not-applicable"
        ? null
        : `${runner.runId}/${planned.check.id}/${planned.number}`,
    wanted: expect === null ? null : wantedOf(expect, statuses),
  };
}

/** The attack first, then its twin. */
function inOrder({ exchanges }: CaseLog): RecordedExchange[] {
  const of = (part: string) => exchanges.filter(({ sending }) => sending.part === part);
  return [...of("attack"), ...of("twin")].map(({ recorded }) => recorded);
}

/** The first request in which attack and twin differ. */
function diffOf(
  planned: PlannedCase,
  { exchanges }: CaseLog,
  control: LoggedExchange | null,
): readonly string[] {
  const attacks = exchanges.filter(({ sending }) => sending.part === "attack");
  const twins = exchanges.filter(({ sending }) => sending.part === "twin");
  if (planned.kind === "case") {
    const [attack] = attacks;
    const twin = twins[0] ?? control;
    return attack === undefined || twin === null ? [] : requestDiff(twin.sent, attack.sent);
  }
  if (planned.each.twin === "control") return [];
  for (const [at, attack] of attacks.entries()) {
    const twin = twins[at];
    if (twin === undefined) return [`+ ${attack.sending.name}`];
    const diff = requestDiff(twin.sent, attack.sent);
    if (diff.length > 0) return diff;
  }
  return [];
}
