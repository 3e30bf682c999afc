/**
 * Plays one scenario against one route: the attack, then its twin; every request is kept.
 *
 * Always holds: it passes only where the twin went well too; faults are healed whatever happens; no more requests than announced.
 */
import { createHash } from "node:crypto";
import type { Check, Probe, ReceivedUpload, Target } from "./check.ts";
import { readPlace } from "./define-scenario.ts";
import type { FaultName, Hooks } from "./hooks.ts";
import { isAccepted, judge } from "./judge.ts";
import { ACCEPTED } from "./judge-case.ts";
import { controlProbe } from "./payloads/upload.ts";
import type { CaseIdentity, Identity, Topic } from "./promise.ts";
import type { CaseResult, Evidence } from "./run-check.ts";
import type { Play, Scenario, ScenarioStep, SendOptions, Stage } from "./scenario.ts";
import { type Send, sendDirectly } from "./send.ts";
import type { Exchange } from "./send-probe.ts";
import { targetAs } from "./target-as.ts";

const DEADLINE_MS = 15_000;

/** How the reason begins of a scenario that could not be played to its end. */
export const BROKE_OFF = "the scenario broke off";

/** What a scenario is played with. `evidence` is `null` where nobody can look into the service. */
export interface ScenarioRun {
  readonly check: Check;
  readonly target: Target;
  readonly evidence: Evidence | null;
  readonly hooks: Hooks;
  /** Default: each request goes out plainly. */
  readonly send?: Send;
  /** The control upload was sent beside, and judged: a twin that is the control is not sent again. */
  readonly isControlSent?: boolean;
  /** How long a request waits for its answer that does not say so itself. Default: 15 seconds. */
  readonly deadlineMs?: number;
}

/** The result of one scenario. Never rejects: what breaks off is inconclusive. */
export async function runScenario(scenario: Scenario, run: ScenarioRun): Promise<CaseResult> {
  const about = { check: run.check.id, case: scenario.name };
  const applies = scenario.appliesTo(run.target);
  if (applies !== true) return { ...about, state: "not-applicable", reasons: [applies] };
  const missing = missingHelp(scenario, run.hooks);
  if (missing.length > 0) return { ...about, state: "manual", reasons: [needsHelp(missing)] };
  const attack = new PlayedStage(scenario, run, "attack");
  await attack.play(scenario.play);
  const twin = new PlayedStage(scenario, run, "twin");
  if (scenario.twin !== "control") await twin.play(scenario.twin);
  else if (run.isControlSent !== true) await twin.play(playControl);
  const wrong = [...attack.complaints, ...twin.complaints.map((reason) => `the benign twin: ${reason}`)];
  const minor = [...new Set([...attack.minor, ...twin.minor])];
  const open = [...attack.open, ...twin.open];
  const steps = [...attack.steps, ...twin.steps];
  if (wrong.length > 0)
    return { ...about, state: "fail", reasons: [...new Set([...wrong, ...minor])], steps };
  if (minor.length > 0) return { ...about, state: "fail", isUnpromised: true, reasons: minor, steps };
  if (open.length > 0) return { ...about, state: "inconclusive", reasons: [...new Set(open)], steps };
  return { ...about, state: "pass", reasons: [], steps };
}

/** Why a person has to look. @param missing as of `missingHelp` */
export function needsHelp(missing: readonly string[]): string {
  return `nobody has given a way to: ${missing.join(", ")}`;
}

/** Hooks and faults that the scenario needs, and the operator has not given. */
export function missingHelp(scenario: Pick<Scenario, "hooks" | "faults">, hooks: Hooks): string[] {
  const names = scenario.hooks.filter((name) => hooks[name] === undefined);
  return [...names, ...scenario.faults.filter((name) => hooks.faults?.[name] === undefined)];
}

const playControl: Play = async (stage) => {
  await stage.send("the control upload", controlProbe(await stage.as("main")), { expect: ACCEPTED });
};

class PlayedStage implements Stage {
  readonly complaints: string[] = [];
  /** Complaints about what nobody has promised. */
  readonly minor: string[] = [];
  readonly open: string[] = [];
  readonly steps: ScenarioStep[] = [];
  readonly #scenario: Scenario;
  readonly #run: ScenarioRun;
  readonly #part: "attack" | "twin";
  #tokens = 0;
  #sent = 0;

  constructor(scenario: Scenario, run: ScenarioRun, part: "attack" | "twin") {
    this.#scenario = scenario;
    this.#run = run;
    this.#part = part;
  }

  get hooks(): Hooks {
    return this.#run.hooks;
  }

  async play(play: Play): Promise<void> {
    try {
      await this.#run.evidence?.clear();
      await play(this);
    } catch (error) {
      this.leaveOpen(`${BROKE_OFF}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  as(who: CaseIdentity | Identity): Promise<Target> {
    return targetAs(this.#run.target, who);
  }

  async send(name: string, probe: Probe, options: SendOptions = {}): Promise<Exchange> {
    this.#sent += 1;
    if (this.#sent > this.#scenario.requestsMax)
      throw new Error(`more than the ${this.#scenario.requestsMax} requests that were announced`);
    const { expect, origin = this.#run.target.origin, lingerMs = 0 } = options;
    const { deadlineMs = this.#run.deadlineMs ?? DEADLINE_MS } = options;
    const closes = expect !== undefined && expect.outcome !== "accepted" && expect.closes === true;
    const { send = sendDirectly } = this.#run;
    const limits = { deadlineMs, lingerMs: closes ? 1000 : lingerMs };
    const wanted = expect === undefined ? {} : { expect };
    const exchange = await send({ part: this.#part, name, origin, probe, limits, ...wanted });
    this.#run.evidence?.saw?.(exchange);
    this.steps.push({ name, probe, exchange, ...wanted });
    if (expect === undefined) return exchange;
    const outcome = { exchange, received: null, content: probe.content };
    for (const reason of judge(this.#run.target, expect, outcome)) this.complain(`${name}: ${reason}`);
    return exchange;
  }

  complain(reason: string, topic?: Topic): void {
    const isUnpromised = topic !== undefined && this.#run.target.unpromised?.has(topic) === true;
    (isUnpromised ? this.minor : this.complaints).push(reason);
  }

  leaveOpen(reason: string): void {
    this.open.push(reason);
  }

  async received(): Promise<readonly ReceivedUpload[] | null> {
    const { evidence } = this.#run;
    return evidence === null ? null : ((await evidence.received()) ?? this.#receivedByAnswer(evidence));
  }

  /** Where what was stored is found by the answers: nothing can be told of requests that were accepted by none. */
  async #receivedByAnswer(evidence: Evidence): Promise<readonly ReceivedUpload[] | null> {
    const accepted = this.steps.filter(({ exchange }) => isAccepted(this.#run.target, exchange));
    const different = this.#withDifferentIds(accepted);
    if (accepted.length === 0 || different === null) return null;
    const found: ReceivedUpload[] = [];
    for (const { exchange, probe } of different) {
      const received = await evidence.received(exchange, probe.content);
      if (received === null) return null;
      found.push(...received);
    }
    return found;
  }

  /** One answer for each upload: several may be about the same one, as after a retry. `null` where that cannot be told. */
  #withDifferentIds(accepted: readonly ScenarioStep[]): readonly ScenarioStep[] | null {
    if (accepted.length < 2) return accepted;
    const place = this.#run.target.promises?.id;
    const byId = new Map<string, ScenarioStep>();
    for (const step of accepted) {
      const id = place === undefined ? null : readPlace(step.exchange, place);
      if (id === null) return null;
      byId.set(id, step);
    }
    return [...byId.values()];
  }

  token(): string {
    this.#tokens += 1;
    const { check, target } = this.#run;
    const from = [target.seed, target.path, check.id, this.#scenario.name, this.#part, this.#tokens];
    return createHash("sha256").update(from.join("\n")).digest("hex").slice(0, 32);
  }

  async withFault(name: FaultName, during: () => Promise<void>): Promise<void> {
    const fault = this.hooks.faults?.[name];
    if (fault === undefined) throw new Error(`nobody can make the fault ${name}`);
    try {
      await fault.inject();
      await during();
    } finally {
      await fault.heal();
    }
  }
}
