/**
 * A run from its first control upload to its last: what was sent so far, what came of it, and why it ended.
 *
 * Always holds: a group counts only where the control uploads before and after it passed; where the one after it failed twice, what the group's cases
 * passed is open again, and the run is over. Results are there for every case that was asked for, run or not.
 */
import type { Check, Target } from "../check.ts";
import type { Hooks } from "../hooks.ts";
import type { Identity } from "../promise.ts";
import type { Exchange } from "../send-probe.ts";
import { compareWithRecorded } from "./as-recorded.ts";
import { sayUsedUp } from "./asked-to-wait.ts";
import type { CaseReport, CheckResult, Cost, RecordedExchange, Stop } from "./check-run.ts";
import { concludeCheck, isLeftOut, LEFT_OUT } from "./conclude-check.ts";
import { withDerivedKeys } from "./fresh-keys.ts";
import { type ControlOutcome, sendControl } from "./group-control.ts";
import { Pace } from "./pace.ts";
import { groupOf, type PlannedCase, type RunPlan, spareCases } from "./plan-run.ts";
import { Redaction } from "./redaction.ts";
import { type CaseRunner, type RanCase, runOne } from "./run-one.ts";
import type { CheckSubject, RunOptions } from "./run-request.ts";
import { type LoggedExchange, RunEnded, RunWire } from "./run-wire.ts";
import { startOf } from "./sent-bytes.ts";
import { TargetHealth } from "./target-health.ts";
import { whatHappened } from "./what-happened.ts";

/** Fewer answers are no ground to say that a target takes everything. */
const HOSTILE_MIN = 3;
const NOT_ABOUT_CONTENT: ReadonlySet<string> = new Set(["TR", "PM", "RT", "RS", "FM", "VO"]);

export class RunUnderWay {
  readonly redaction: Redaction;
  readonly controls: RecordedExchange[] = [];
  stopped: Stop | null = null;
  leftovers: readonly string[] = [];
  readonly #subject: CheckSubject;
  readonly #options: RunOptions;
  readonly #plan: RunPlan;
  readonly #wire: RunWire;
  readonly #health = new TargetHealth();
  readonly #hooks: Hooks;
  /** Header lines of those who were made for one case: their shares are their own. */
  readonly #issued = new Set<string>();
  readonly #ran = new Map<PlannedCase, RanCase>();
  /** What the group under way has run since the last control upload that passed. */
  #sinceControl: RanCase[] = [];
  #control: LoggedExchange | null = null;
  #firstControl: LoggedExchange | null = null;
  #controlReasons: readonly string[] = [];
  #began = 0;

  constructor(subject: CheckSubject, options: RunOptions, plan: RunPlan) {
    this.#subject = subject;
    this.#options = options;
    this.#plan = plan;
    const { target } = subject;
    this.redaction = new Redaction(subject.secrets, target.identities?.header ?? null);
    const rate = target.promises?.rate;
    const pace = rate === undefined ? null : new Pace(rate, ({ probe }) => this.#isIssued(startOf(probe)));
    this.#wire = new RunWire(options, { redaction: this.redaction, health: this.#health, pace });
    this.#hooks = this.#watchIssued(subject.hooks);
  }

  get cost(): Cost {
    return this.#wire.cost;
  }

  /** In the catalogue's order, one for each check that was asked for. */
  get results(): readonly CheckResult[] {
    const checks = new Set(this.#plan.cases.map(({ check }) => check));
    return [...checks].map((check) => this.#conclude(check));
  }

  /** Cases that caps, profile or time left out. */
  get leftOut(): number {
    return this.#plan.cases.filter((planned) => isLeftOut(this.#reportOf(planned).reasons)).length;
  }

  /** Never throws. */
  async run(): Promise<void> {
    try {
      if (!(await this.#controlIsGood("before"))) return;
      await this.#runAll(this.#plan.cases.filter(({ state }) => state === "run"));
      await this.#runSpare();
      this.#noteIfItTakesEverything();
    } catch (error) {
      if (!(error instanceof RunEnded)) throw error;
      this.#stop(error.stop);
    }
  }

  /** Removes what was stored, whatever happened before. */
  async end(): Promise<void> {
    this.#wire.close();
    try {
      this.leftovers = await this.#subject.cleanUp();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.leftovers = [`what this run stored could not be removed: ${why}`];
    }
  }

  #stop(stop: Stop): void {
    if (this.stopped !== null) return;
    this.stopped = stop;
    this.#options.onEvent({ kind: "stopped", stop });
  }

  async #runAll(cases: readonly PlannedCase[]): Promise<void> {
    for (const group of grouped(cases, ({ check }) => groupOf(check))) {
      for (const ofCheck of grouped(group, ({ check }) => check.id)) {
        await this.#runCheck(ofCheck);
        if (this.stopped !== null) return;
      }
      if (this.#options.profile !== "prod-safe" && !(await this.#controlIsGood("after"))) return;
    }
  }

  async #runCheck(cases: readonly PlannedCase[]): Promise<void> {
    const [first] = cases;
    if (first === undefined) return;
    const { check } = first;
    this.#began += 1;
    const of = Math.max(this.#plan.summary.checks, this.#began);
    this.#options.onEvent({ kind: "check-began", id: check.id, number: this.#began, of });
    // Cases that mostly wait, and are judged by their answers alone, run at the same time.
    const areSlow = check.cases.length > 0 && check.cases.every(({ copies }) => copies !== undefined);
    if (areSlow) await Promise.all(cases.map((each) => this.#runCase(each)));
    else for (const each of cases) if (this.stopped === null) await this.#runCase(each);
    this.#options.onEvent({ kind: "check-ended", result: this.#conclude(check), cost: this.cost });
  }

  async #runCase(planned: PlannedCase): Promise<void> {
    const { ended } = this.#wire;
    if (ended !== null) throw new RunEnded(ended);
    const ran = await runOne(planned, this.#runner(planned));
    this.#ran.set(planned, ran);
    this.#sinceControl.push(ran);
    const { id } = planned.check;
    this.#options.onEvent({ kind: "case-ended", id, report: ran.report, cost: this.cost });
    const suspicion = this.#health.suspicion();
    if (suspicion !== null && this.stopped === null) await this.#controlIsGood("after", suspicion);
  }

  #runner({ check, number }: PlannedCase): CaseRunner {
    if (this.#control === null) throw new Error("no case runs before a control upload has passed");
    return {
      runId: this.#options.runId,
      target: this.#keyed(`${check.id}/${number}`),
      evidence: this.#subject.evidence,
      hooks: this.#hooks,
      wire: this.#wire,
      redaction: this.redaction,
      control: this.#control,
      isReadOnly: this.#isReadOnly,
    };
  }

  /** A read-only run sends one upload, and knows it again by its bytes: there all keys are one. */
  #keyed(about: string): Target {
    const { target } = this.#subject;
    if (!this.#isReadOnly) return withDerivedKeys(target, about);
    const only = withDerivedKeys(target, "the only upload").freshKey?.() ?? "";
    return { ...target, freshKey: () => only };
  }

  get #isReadOnly(): boolean {
    return this.#options.profile === "prod-safe";
  }

  /** @returns whether the run may go on */
  async #controlIsGood(when: "before" | "after", suspicion: string | null = null): Promise<boolean> {
    const target = this.#keyed(`control/${this.controls.length}`);
    const outcome = await sendControl(target, this.#subject.evidence, this.#wire, this.#isReadOnly);
    this.controls.push(...outcome.log.exchanges.map(({ recorded }) => recorded));
    if (outcome.isGood) {
      if (when === "before" && this.#isNotTheRoute(outcome.logged.exchange)) return false;
      this.#control = outcome.logged;
      this.#firstControl ??= outcome.logged;
      this.#sinceControl = [];
      this.#health.clear();
      return true;
    }
    if (when === "before") this.#stopAtOnce(outcome);
    else this.#stopSuffering(outcome, suspicion);
    return false;
  }

  /** An answer with a promised status may still be a page to log in at: then nothing that follows would be about the route. */
  #isNotTheRoute(exchange: Exchange): boolean {
    const stop = this.#options.diagnose?.(this.#subject, exchange, null) ?? null;
    if (stop === null) return false;
    this.#controlReasons = ["what answers is not the route"];
    this.#stop(this.redaction.data(stop));
    return true;
  }

  #stopAtOnce(outcome: Extract<ControlOutcome, { isGood: false }>): void {
    this.#controlReasons = outcome.reasons;
    const told = this.#options.diagnose?.(this.#subject, outcome.exchange, outcome.error) ?? null;
    this.#stop(this.redaction.data(told ?? whatHappened(this.#subject, outcome)));
  }

  /** What passed since the last good control upload is open again; what was taken that is hostile stays taken. */
  #stopSuffering(
    { reasons, exchange }: Extract<ControlOutcome, { isGood: false }>,
    suspicion: string | null,
  ): void {
    const names = [...new Set(this.#sinceControl.map(({ planned }) => planned.check.id))].join(", ");
    const because = suspicion === null ? "" : `: ${suspicion}`;
    const reason = `after ${names === "" ? "this" : `the cases of ${names}`} the control upload failed twice: ${reasons.join("; ")}`;
    for (const ran of this.#sinceControl) {
      if (ran.took === true && ran.report.state === "fail") continue;
      if (ran.report.state !== "pass" && ran.report.state !== "fail") continue;
      const report: CaseReport = {
        ...ran.report,
        state: "inconclusive",
        confidence: null,
        reasons: [this.redaction.text(reason), ...ran.report.reasons],
      };
      this.#ran.set(ran.planned, { ...ran, report });
    }
    const usedUp = exchange === null ? null : sayUsedUp(exchange);
    if (usedUp !== null) {
      this.#stop({ kind: "cap", sentence: usedUp });
      return;
    }
    const [status = 0] = exchange?.answers.map((answer) => answer.status) ?? [];
    const sentence =
      status === 401 || status === 403
        ? `The target took the control upload before and answers ${status} now: it seems to have shut this sender out, as servers do that count attacks, or the credential has run out. Allow the sender there, or check fewer things at once with --only. Nothing more was sent.`
        : `The target suffers${because}: ${reason}. Nothing more was sent.`;
    this.#stop({ kind: "suffering", sentence: this.redaction.text(sentence) });
  }

  /** Less was spent than planned: what the caps had left out is tried, as far as it fits. */
  async #runSpare(): Promise<void> {
    if (this.stopped !== null || this.#subject.target.promises?.rate !== undefined) return;
    for (;;) {
      const open = spareCases(this.#plan).filter((planned) => !this.#ran.has(planned));
      const fitting = spareThatFit(open, this.#wire.requestsLeft, this.#wire.sentBytesLeft);
      if (fitting.length === 0 || this.#wire.ended !== null) return;
      await this.#runAll(fitting);
      if (this.stopped !== null) return;
    }
  }

  /** Looks at uploads alone that any client could send: what is odd as HTTP is refused by servers that look at nothing else. */
  #noteIfItTakesEverything(): void {
    if (this.stopped !== null) return;
    const took = [...this.#ran.values()].filter(
      ({ took: isTaken, planned, report }) =>
        isTaken !== null &&
        !NOT_ABOUT_CONTENT.has(groupOf(planned.check)) &&
        report.exchanges[0]?.request.isPlainHttp === true,
    );
    const isAll = took.length >= HOSTILE_MIN && took.every((ran) => ran.took === true);
    if (!isAll || !this.results.some(({ state }) => state === "fail")) return;
    this.#stop({
      kind: "takes-everything",
      sentence: `The target took every one of the ${took.length} hostile uploads that any client could send: nothing seems to be looked at before an upload is accepted.`,
    });
  }

  #conclude(check: Check): CheckResult {
    const reports = this.#plan.cases
      .filter((planned) => planned.check === check)
      .map((planned) => this.#reportOf(planned));
    const recorded = check.id === "UPL-RS-01" ? [this.#asRecorded()] : [];
    const today = new Date().toISOString().slice(0, 10);
    return concludeCheck(check, [...reports, ...recorded], this.#subject, today);
  }

  #asRecorded(): CaseReport {
    return this.redaction.data(compareWithRecorded(this.#subject, this.#firstControl), "bodyStart", "sha256");
  }

  #reportOf(planned: PlannedCase): CaseReport {
    const ran = this.#ran.get(planned);
    if (ran !== undefined) return ran.report;
    const { state, why } = planned;
    if (state === "run") return notRun(planned, "inconclusive", this.#whyNotRun());
    if (state === "left-out") return notRun(planned, "not-applicable", `${LEFT_OUT}${why}`);
    return notRun(planned, state, why);
  }

  #whyNotRun(): string {
    if (this.#controlReasons.length > 0)
      return this.redaction.text(`the control upload fails: ${this.#controlReasons.join("; ")}`);
    return `not run: ${this.stopped?.sentence ?? "the run ended before it"}`;
  }

  /** Whoever revokes an identity knows it by the object that was issued. */
  #watchIssued(hooks: Hooks): Hooks {
    const { issue, revoke } = hooks;
    if (issue === undefined) return hooks;
    const originals = new WeakMap<Identity, Identity>();
    const watched = async (): Promise<Identity> => {
      const original = await issue();
      const identity = { ...original, lines: () => this.#noteIssued(original) };
      originals.set(identity, original);
      return identity;
    };
    const revoked = (identity: Identity): Promise<void> | undefined =>
      revoke?.(originals.get(identity) ?? identity);
    return {
      ...hooks,
      issue: watched,
      ...(revoke === undefined ? {} : { revoke: async (identity: Identity) => revoked(identity) }),
    };
  }

  async #noteIssued(identity: Identity): Promise<readonly string[]> {
    const lines = await identity.lines();
    for (const line of lines) this.#issued.add(line);
    return lines;
  }

  #isIssued(head: string): boolean {
    return [...this.#issued].some((line) => head.includes(line));
  }
}

function notRun({ name }: PlannedCase, state: CaseReport["state"], reason: string): CaseReport {
  return {
    name,
    state,
    confidence: null,
    reasons: reason === "" ? [] : [reason],
    promised: null,
    observed: null,
    diff: [],
    exchanges: [],
    elapsedMs: 0,
    evidence: null,
  };
}

/** Neighbours of the same key together, in the order of first sight. */
function grouped<T>(all: readonly T[], keyOf: (each: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(all, keyOf).values()];
}

/** The first ones that fit together, with a control upload for each group. */
function spareThatFit(
  cases: readonly PlannedCase[],
  requestsLeft: number,
  sentBytesLeft: number,
): readonly PlannedCase[] {
  const fitting: PlannedCase[] = [];
  let left = requestsLeft;
  let bytesLeft = sentBytesLeft;
  for (const each of cases) {
    const isNewGroup = !fitting.some(({ check }) => groupOf(check) === groupOf(each.check));
    const requests = each.cost.requests + (isNewGroup ? 1 : 0);
    if (requests > left || each.cost.sentBytes > bytesLeft) continue;
    left -= requests;
    bytesLeft -= each.cost.sentBytes;
    fitting.push(each);
  }
  return fitting;
}
