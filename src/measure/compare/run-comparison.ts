/**
 * Runs a comparison: both arms are looked at, A is sent beside itself, then pairs in drawn order, with a look half-way and one at the end.
 *
 * In: two arms and a load generator. Out: all that a judgement reads. What was asked decides how many pairs there are; what is seen on the way ends it
 * early only at the look that was planned. An interrupt keeps whole pairs and drops the one under way.
 */
import type { FlowMeasure } from "../../flows/flow.ts";
import { deviationOf } from "../../statistics/spread.ts";
import { noiseOfPairs } from "../judge/host-noise.ts";
import { isSettled } from "../judge/is-settled.ts";
import { judgeComparison } from "../judge/judge-comparison.ts";
import type { JudgedArm, JudgeInput, SegmentPair, StoredNoise } from "../judge/judge-input.ts";
import { balancedOrders } from "./balanced-orders.ts";
import { type ClearedCache, clearableCaches } from "./clear-caches.ts";
import { type ComparePlan, planComparison } from "./compare-plan.ts";
import type { CompareEvent, CompareRequest } from "./compare-request.ts";
import type { ArmName, ComparisonArm } from "./comparison-arm.ts";
import { evidenceOf, type KeptComparison } from "./kept-comparison.ts";
import { type ComparisonBench, runNoisePair, runPair, type SentPair } from "./run-pair.ts";
import { segmentPlans } from "./segment-plans.ts";

type Stage = Extract<CompareEvent, { kind: "pair" }>["stage"];

const CUT_SHORT = "It was interrupted";

/**
 * Runs it to its end, to the look that settles it, or to the interrupt. Arms that differ in more than the variable are sent nothing.
 * @throws COMPARE_SWITCH_FAILED, COMPARE_CLEAR_FAILED, and what the generator throws, before the first whole pair; later they end it early
 */
export async function runComparison(
  request: CompareRequest,
  bench: Omit<ComparisonBench, "onCleared">,
  onEvent: (event: CompareEvent) => void,
): Promise<KeptComparison> {
  const run = new ComparisonRun(request, bench, onEvent);
  await run.lookAtArms();
  if (judgeComparison(run.input(null, 2)).verdict === "REFUSED CONFOUNDED") return run.kept(null, 2);
  const noise = await run.sendNoise();
  const plan = run.plan(noise === null ? null : noiseOfPairs(noise, request.timeoutMs, Date.now()));
  run.tellNoise(plan);
  const [look] = plan.looks;
  if (look !== undefined && look < plan.pairs) {
    await run.sendPairs(plan, look);
    const { verdict } = judgeComparison(run.input(plan, 1));
    if (run.cutShort === null) onEvent({ kind: "look", pairs: look, of: plan.pairs, verdict });
    if (run.cutShort === null && isSettled(verdict)) return run.kept(plan, 1);
  }
  await run.sendPairs(plan, plan.pairs);
  await run.sendSecondLap(plan);
  return run.kept(plan, 2);
}

class ComparisonRun {
  cutShort: string | null = null;
  #stored: StoredNoise | null = null;
  readonly #request: CompareRequest;
  readonly #bench: ComparisonBench;
  readonly #onEvent: (event: CompareEvent) => void;
  readonly #startedAtMs = Date.now();
  readonly #cleared: ClearedCache[] = [];
  readonly #cold: SegmentPair[] = [];
  readonly #warm: SegmentPair[] = [];
  readonly #secondLap: SegmentPair[] = [];
  readonly #noise: SegmentPair[] = [];

  constructor(
    request: CompareRequest,
    bench: Omit<ComparisonBench, "onCleared">,
    onEvent: (event: CompareEvent) => void,
  ) {
    this.#request = request;
    this.#bench = { ...bench, onCleared: (cleared) => void this.#cleared.push(...cleared) };
    this.#onEvent = onEvent;
  }

  /** Two things that differ in more than the variable need no load to be told apart. B first, so that a switched host is left at A. */
  async lookAtArms(): Promise<void> {
    const { arms, signal, watched, readFingerprint } = this.#bench;
    for (const arm of [arms.b, arms.a]) {
      if (signal.aborted) break;
      await arm.prepare(signal);
      watched[arm.name].take(await readFingerprint(arm, signal));
    }
    if (signal.aborted) this.cutShort = CUT_SHORT;
    else this.#stored = await this.#bench.findNoise(watched.a.first);
  }

  /** @returns `null` where it was not sent, or not to its end */
  async sendNoise(): Promise<readonly SegmentPair[] | null> {
    const plan = this.plan(null);
    const seed = this.#request.seed + 1;
    const orders = balancedOrders(plan.noisePairs, seed);
    for (const [pair, order] of orders.entries()) {
      const wish = { ...this.#wish("noise", plan, pair, orders.length), order, warm: null };
      const sent = await this.#send(() => runNoisePair(this.#bench, wish));
      if (sent === null) return null;
      this.#noise.push(sent.cold);
    }
    this.#done("noise", orders.length);
    return this.#noise.length === 0 ? null : this.#noise;
  }

  /** @param measured what was measured just now, where nothing was stored */
  plan(measured: StoredNoise | null): ComparePlan {
    return planOf(this.#request, this.#stored ?? measured, this.#stored !== null);
  }

  tellNoise({ pairs, visible: [known, ...more] }: ComparePlan): void {
    if (known === undefined || more.length > 0 || this.cutShort !== null) return;
    this.#onEvent({ kind: "noise", deviation: known.deviation, pairs, visible: known.share });
  }

  /** Up to the pair with this number. */
  async sendPairs(plan: ComparePlan, until: number): Promise<void> {
    const orders = balancedOrders(plan.pairs, this.#request.seed);
    for (const [pair, order] of orders.slice(0, until).entries()) {
      if (pair < this.#cold.length) continue;
      const wish = { ...this.#wish("pairs", plan, pair, plan.pairs), order };
      const sent = await this.#send(() => runPair(this.#bench, wish));
      if (sent === null) return;
      this.#cold.push(sent.cold);
      if (sent.warm !== null) this.#warm.push(sent.warm);
    }
    this.#done("pairs", plan.pairs);
  }

  /** Only where a cache is the variable: cold again, after this one alone was cleared. */
  async sendSecondLap(plan: ComparePlan): Promise<void> {
    const { measure } = this.#request.flow;
    const caches = clearableCaches(measure, cacheOf(this.#request.variable) ?? undefined);
    if (plan.secondLapPairs === 0 || caches.length === 0) return;
    const orders = balancedOrders(plan.secondLapPairs, this.#request.seed + 2);
    for (const [at, order] of orders.entries()) {
      const pair = plan.pairs + at;
      const wish = { ...this.#wish("second-lap", plan, pair, orders.length), order, warm: null, caches };
      const sent = await this.#send(() => runPair(this.#bench, wish));
      if (sent === null) return;
      this.#secondLap.push(sent.cold);
    }
    this.#done("second-lap", orders.length);
  }

  input(plan: ComparePlan | null, look: 1 | 2): JudgeInput {
    const { id, flow, program, variable, ignoredKeys, expected, timeoutMs, seed } = this.#request;
    const [cold, warm] = [this.#cold, this.#warm];
    return {
      id,
      flow: flow.name,
      startedAtMs: this.#startedAtMs,
      elapsedMs: Date.now() - this.#startedAtMs,
      program,
      arms: { a: this.#judged("a"), b: this.#judged("b") },
      variable,
      ignoredKeys,
      cold: [...cold],
      warm: [...warm],
      secondLap: [...this.#secondLap],
      noise: this.#noiseInput(),
      cacheProof: null,
      measure: flow.measure,
      timeoutMs,
      expected,
      pairsPlanned: plan?.pairs ?? this.plan(null).pairs,
      look,
      seed,
      cleared: [...this.#cleared],
      commands: this.#request.commands,
      rollback: flow.notes.rollback?.command ?? null,
      evidenceSha256: evidenceOf(cold, warm).sha256,
    };
  }

  kept(plan: ComparePlan | null, look: 1 | 2): KeptComparison {
    return { input: this.input(plan, look), cutShort: this.cutShort };
  }

  #noiseInput(): JudgeInput["noise"] {
    if (this.#stored !== null) return { kind: "stored", noise: this.#stored };
    return this.#noise.length === 0 ? null : { kind: "pairs", pairs: [...this.#noise] };
  }

  #judged(name: ArmName): JudgedArm {
    const { arms, watched } = this.#bench;
    const arm: ComparisonArm = arms[name];
    const { first, changedMeanwhile } = watched[name];
    return { label: arm.label, target: arm.origin, fingerprint: first, changedMeanwhile };
  }

  #wish(stage: Stage, plan: ComparePlan, pair: number, of: number) {
    const plans = segmentPlans(this.#request, plan, stage, pair);
    return {
      pair,
      ...plans,
      caches: this.#cachesToClear(),
      onProgress: this.#progress(stage, pair, of, plan),
    };
  }

  /** A declared cache that was left full would be a second variable. */
  #cachesToClear(): FlowMeasure["caches"] {
    return clearableCaches(this.#request.flow.measure);
  }

  #progress(stage: Stage, pair: number, of: number, plan: ComparePlan): (done: number, of: number) => void {
    const done = stage === "second-lap" ? pair - plan.pairs : pair;
    const segments = 2 * (stage === "pairs" && plan.hasWarmPhase ? 2 : 1);
    let before = 0;
    let last = 0;
    return (sent, all) => {
      if (sent < last) before += 1;
      last = sent;
      const share = Math.min(1, (before + sent / Math.max(1, all)) / segments);
      this.#onEvent({ kind: "pair", stage, done, of, share });
    };
  }

  #done(stage: Stage, of: number): void {
    if (of > 0 && this.cutShort === null) this.#onEvent({ kind: "pair", stage, done: of, of, share: 0 });
  }

  /** A command that fails in the middle ends the run with what there is; before that it is an error like any other. */
  async #send(send: () => Promise<SentPair | null>): Promise<SentPair | null> {
    if (this.cutShort !== null) return null;
    try {
      const sent = await send();
      if (sent === null) this.cutShort = CUT_SHORT;
      return sent;
    } catch (error) {
      if (this.#cold.length === 0) throw error;
      this.cutShort = error instanceof Error ? error.message : String(error);
      return null;
    }
  }
}

/** The plan that a request comes to with what is known of the noise. */
export function planOf(
  request: Pick<
    CompareRequest,
    "pairs" | "requests" | "isQuick" | "expected" | "ratePerSecond" | "flow" | "variable"
  >,
  noise: StoredNoise | null,
  isNoiseStored: boolean,
): ComparePlan {
  const { pairs, requests, isQuick, expected, ratePerSecond, flow, variable } = request;
  return planComparison({
    pairs,
    requests,
    isQuick,
    expected,
    ratePerSecond,
    hasWarmPhase: flow.measure.caches.length > 0,
    isOfCache: cacheOf(variable) !== null,
    deviation: noise === null || noise.changes.length < 2 ? null : deviationOf(noise.changes),
    isNoiseStored,
  });
}

/** `cache.thumbnails` names a cache. */
function cacheOf(variable: string): string | null {
  return variable.startsWith("cache.") ? variable.slice("cache.".length) : null;
}
