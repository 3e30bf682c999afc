/**
 * Everything that is seen in a comparison, before anybody says what it means.
 *
 * Always holds: the same input gives the same findings, permutations included (they are seeded).
 */
import { derivedSeed, type Random, seededRandom } from "../../statistics/random.ts";
import type { Effect } from "../comparison.ts";
import { type CacheMix, judgeCacheMix } from "./cache-mix.ts";
import { classEffects } from "./class-effects.ts";
import { type DatabaseFinding, judgeDatabase } from "./database-change.ts";
import { type ErrorFinding, judgeErrors, movedOutcomes, type OutcomeMove } from "./errors-of-arms.ts";
import { type FingerprintDifference, fingerprintDifference } from "./fingerprint-difference.ts";
import { judgeNoise, type NoiseFinding } from "./host-noise.ts";
import type { JudgeInput } from "./judge-input.ts";
import { mixOf, type TimeMetric } from "./like-for-like.ts";
import { faultsOfPairs, type PairFaults } from "./pair-faults.ts";
import { callOf, type PairedEffect, pairedEffect, type TimeCall } from "./paired-effect.ts";
import { metricOf, type PrimaryMetric, primaryMetric, type QuantileName } from "./primary-metric.ts";
import { driftOf } from "./run-drift.ts";
import { type SampledPair, samplePairs } from "./sampled-pair.ts";
import { undeclaredCaches } from "./second-sends.ts";
import type { ToldOf } from "./segment-faults.ts";
import { spreadChange } from "./time-spread.ts";

/** A change of time and what it is called. */
export interface TimeFinding {
  readonly paired: PairedEffect;
  readonly call: TimeCall;
  /** Smallest change that matters, as a share of the time before. */
  readonly matters: number;
}

export interface WarmFinding extends TimeFinding {
  readonly mix: CacheMix;
}

export interface Findings {
  readonly isCacheDeclared: boolean;
  /** A cache is what was changed, so that another mix is the effect and no disturbance. */
  readonly isCacheVariable: boolean;
  readonly metric: PrimaryMetric;
  readonly cold: readonly SampledPair[];
  readonly faults: PairFaults;
  /** Cold, each pair as if it had the mix of A: what the verdict is about. */
  readonly time: TimeFinding;
  /** Cold, as it was. */
  readonly raw: TimeFinding;
  /** Like for like as the client sees it; `null` where that is the metric itself. */
  readonly client: TimeFinding | null;
  /** Like for like p50, where the metric is p95. */
  readonly middle: TimeFinding | null;
  /** p50 as it was. */
  readonly plainMiddle: TimeFinding;
  readonly tail: TimeFinding;
  readonly byCacheClass: Readonly<Record<string, Effect>>;
  readonly warm: WarmFinding | null;
  /** Cold, after the named cache alone was cleared. */
  readonly secondLap: TimeFinding | null;
  readonly mix: CacheMix;
  readonly errors: ErrorFinding;
  readonly outcomes: readonly OutcomeMove[];
  readonly database: DatabaseFinding | null;
  readonly fingerprint: FingerprintDifference;
  readonly noise: NoiseFinding;
  readonly drift: number | null;
  readonly undeclared: readonly string[];
  readonly spread: "less" | "more" | null;
}

const CACHE_VARIABLE = /^cache(\.|$)/;

/** Looks at all of it. */
export function findingsOf(input: JudgeInput): Findings {
  const { measure, timeoutMs, variable } = input;
  const isCacheDeclared = measure.caches.length > 0;
  const isCacheVariable = CACHE_VARIABLE.test(variable);
  const sampling = { isCacheDeclared: isCacheDeclared || isCacheVariable, timeoutMs };
  const random = randomFor(input.seed);
  const cold = samplePairs(input.cold, sampling);
  const warm = samplePairs(input.warm, sampling);
  const metric = primaryMetric(cold);
  const mix = judgeCacheMix(cold, metric.of, random());
  const faults = faultsOfPairs(cold, toldOf(metric.quantile));
  const look = looker(cold, faults.left, input, random);
  const like = mixOf(cold.flatMap(({ a }) => a.uploads));
  const metricFor = (name: QuantileName): TimeMetric => metricOf(name, metric.of, timeoutMs, like);
  const time = look(metricFor(metric.quantile));
  const raw = look({ ...metricFor(metric.quantile), mix: null });
  const plainMiddle = metric.quantile === "p50" ? raw : look({ ...metricFor("p50"), mix: null });
  return {
    isCacheDeclared,
    isCacheVariable,
    metric,
    cold,
    faults,
    time,
    raw,
    client: metric.of === "client" ? null : look({ ...metricFor(metric.quantile), source: "client" }),
    middle: metric.quantile === "p50" ? null : look(metricFor("p50")),
    plainMiddle,
    tail: look(metricFor("p99")),
    byCacheClass: classEffects(cold, mix, metricFor("p50"), faults.left, random()),
    warm: warm.length === 0 ? null : warmFinding(warm, metric, input, random),
    secondLap: secondLapFinding(input, sampling.isCacheDeclared, metric, random),
    mix,
    errors: judgeErrors([...cold, ...warm], random()),
    outcomes: movedOutcomes([...cold, ...warm], measure.errorMarginShare),
    database: judgeDatabase(cold, mix.classes[0]?.name ?? null, random()),
    fingerprint: fingerprintDifference(input.arms, variable, input.ignoredKeys),
    noise: judgeNoise(input, metricFor(metric.quantile), metric.quantile, raw.matters, random()),
    drift: driftOf(plainMiddle.paired.points),
    undeclared: isCacheVariable ? [] : undeclaredCaches(cold, metric.of, measure.smallestEffect),
    spread: spreadChange(cold, metric.of),
  };
}

/** A source of chance of its own for each test, so that one does not change the other. */
function randomFor(seed: number): () => Random {
  let number = 0;
  return () => {
    number += 1;
    return seededRandom(derivedSeed(seed, number));
  };
}

function looker(
  pairs: readonly SampledPair[],
  left: ReadonlyMap<number, string>,
  { measure }: Pick<JudgeInput, "measure">,
  random: () => Random,
): (metric: TimeMetric) => TimeFinding {
  return (metric) => {
    const paired = pairedEffect(pairs, metric, left, random());
    const { share, ms } = measure.smallestEffect;
    const matters = paired.beforeMs === null ? share : Math.max(share, ms / paired.beforeMs);
    return { paired, call: callOf(paired, matters), matters };
  };
}

const toldOf = (quantile: PrimaryMetric["quantile"]): ToldOf => (quantile === "p50" ? "median" : "tail");

/** Warm answers are judged at their middle: a share of hits below 95 % does not move a p95. As it was, whatever the mix: the mix is what a cache changes. */
function warmFinding(
  warm: readonly SampledPair[],
  { of }: PrimaryMetric,
  input: JudgeInput,
  random: () => Random,
): WarmFinding {
  const look = looker(warm, faultsOfPairs(warm, "median").left, input, random);
  return {
    ...look(metricOf("p50", of, input.timeoutMs, null)),
    mix: judgeCacheMix(warm, of, random()),
  };
}

function secondLapFinding(
  input: JudgeInput,
  isCacheDeclared: boolean,
  { quantile, of }: PrimaryMetric,
  random: () => Random,
): TimeFinding | null {
  if (input.secondLap.length === 0) return null;
  const lap = samplePairs(input.secondLap, { isCacheDeclared, timeoutMs: input.timeoutMs });
  return looker(
    lap,
    faultsOfPairs(lap, toldOf(quantile)).left,
    input,
    random,
  )(metricOf(quantile, of, input.timeoutMs, null));
}
