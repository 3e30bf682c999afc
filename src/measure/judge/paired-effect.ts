/**
 * From pairs to one relative change with its interval: Hodges-Lehmann of ln(b/a), with the interval and the p-value of Wilcoxon's signed ranks.
 *
 * Always holds: the pair is the unit, never the request. A pair without a time in one of its segments is dropped, with why.
 */
import { converted, type Estimate } from "../../statistics/estimate.ts";
import { hodgesLehmann } from "../../statistics/hodges-lehmann.ts";
import { medianOf } from "../../statistics/quantile.ts";
import type { Random } from "../../statistics/random.ts";
import { signedRankP } from "../../statistics/signed-rank.ts";
import { deviationOf } from "../../statistics/spread.ts";
import type { Effect, PairPoint } from "../comparison.ts";
import { type TimeMetric, timeOfSegment } from "./like-for-like.ts";
import type { SampledPair } from "./sampled-pair.ts";

/** Each of the two looks has an error of 2.5 %. Pocock (1977) allows 2.94 % for 5 % together; simulated on a noisy host that was 4.8 to 5.8 %, this is 4.1 %. */
export const LOOK_CONFIDENCE = 0.975;
const SAME_CONFIDENCE = 0.9;
/** Where the cache mix moved as well, a win must be surer than any other: a lucky row of hits is never called one. */
const SURE_CONFIDENCE = 0.9999;
/** With fewer, nothing is called but that it is not clear. */
export const PAIRS_MIN = 8;

/** `tiny`: there, but smaller than what matters. */
export type TimeCall = "slower" | "faster" | "tiny" | "same" | "unclear";

export interface PairedEffect {
  readonly points: readonly PairPoint[];
  /** ln(b/a) of the pairs that count. */
  readonly changes: readonly number[];
  /** `null` with so few pairs that there is no interval. */
  readonly effect: Effect | null;
  /** The estimate alone, however few pairs there are. */
  readonly estimate: number | null;
  /** Of 90 %, in which `same` is looked for. */
  readonly narrow: Estimate | null;
  /** Between pairs, of ln(b/a). */
  readonly deviation: number;
  /** Medians over the pairs that count, in milliseconds. */
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
}

/**
 * The change from a to b.
 * @param left  why a pair is left out beforehand, by its number.
 */
export function pairedEffect(
  pairs: readonly SampledPair[],
  metric: TimeMetric,
  left: ReadonlyMap<number, string>,
  random: Random,
): PairedEffect {
  return effectOfPoints(
    pairs.map((pair) => pointOf(pair, metric, left.get(pair.pair) ?? null)),
    random,
  );
}

/** The same of points that are there already. */
export function effectOfPoints(points: readonly PairPoint[], random: Random): PairedEffect {
  const changes = points.map(({ change }) => change).filter((change) => change !== null);
  const estimate = hodgesLehmann(changes, LOOK_CONFIDENCE);
  const narrow = hodgesLehmann(changes, SAME_CONFIDENCE);
  const counted = points.filter(({ change }) => change !== null);
  return {
    points,
    changes,
    effect: estimate === null ? null : effectFrom(estimate, signedRankP(changes, random)),
    estimate: estimate === null ? null : Math.expm1(estimate.estimate),
    narrow: narrow === null ? null : converted(narrow, Math.expm1),
    deviation: deviationOf(changes),
    beforeMs: medianOf(counted.map(({ a }) => a).filter((ms) => ms !== null)),
    afterMs: medianOf(counted.map(({ b }) => b).filter((ms) => ms !== null)),
  };
}

function effectFrom(estimate: Estimate, pValue: number): Effect | null {
  const shown = converted(estimate, Math.expm1);
  return Number.isFinite(estimate.low) && Number.isFinite(estimate.high) ? { ...shown, pValue } : null;
}

function pointOf(pair: SampledPair, metric: TimeMetric, left: string | null): PairPoint {
  const a = timeOfSegment(pair.a, metric);
  const b = timeOfSegment(pair.b, metric);
  const why = left ?? (a.ms === null ? `before: ${a.missing}` : b.ms === null ? `after: ${b.missing}` : null);
  return {
    pair: pair.pair,
    order: pair.order,
    a: a.ms,
    b: b.ms,
    change: why !== null || a.ms === null || b.ms === null ? null : Math.log(b.ms / a.ms),
    dropped: why,
  };
}

/** Whether the pairs lie below 0 at 99.9 %: what it takes where something else moved that could be mistaken for a win. */
export function isSurelyFaster({ changes }: PairedEffect): boolean {
  const interval = hodgesLehmann(changes, SURE_CONFIDENCE);
  return interval !== null && interval.high < 0;
}

/**
 * What an effect is called.
 * @param matters  the smallest change that matters, as a share.
 */
export function callOf({ effect, narrow, changes }: PairedEffect, matters: number): TimeCall {
  return changes.length < PAIRS_MIN ? "unclear" : callOfIntervals(effect, narrow, matters);
}

/** The same of intervals alone. @param narrow of 90 % */
export function callOfIntervals(effect: Effect | null, narrow: Estimate | null, matters: number): TimeCall {
  if (effect === null) return "unclear";
  if (effect.low > 0 && effect.estimate >= matters) return "slower";
  if (effect.high < 0 && effect.estimate <= -matters) return "faster";
  if (effect.low > 0 || effect.high < 0) return "tiny";
  return narrow !== null && narrow.low > -matters && narrow.high < matters ? "same" : "unclear";
}
