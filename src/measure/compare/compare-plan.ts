/**
 * What a comparison will do: how many pairs of how many requests, which quantile they are good for, how long it takes, and which effect it could see.
 *
 * Pure: numbers in, numbers out.
 */
import { differenceOfShares } from "../../statistics/difference-of-shares.ts";
import { pairsNeeded, smallestVisible } from "../../statistics/smallest-visible.ts";

/** What was asked; `null` where nobody said. */
export interface PlanWish {
  readonly pairs: number | null;
  readonly requests: number | null;
  /** Fewer pairs: a first look at a large effect. */
  readonly isQuick: boolean;
  /** The hoped relative change. */
  readonly expected: number | null;
  /** Requests a second. */
  readonly ratePerSecond: number;
  readonly hasWarmPhase: boolean;
  /** Whether a cache is what was changed: then a second lap follows, after this cache alone was cleared. */
  readonly isOfCache: boolean;
  /** Standard deviation of ln(second/first) of pairs in which nothing was changed; `null` where it is not known yet. */
  readonly deviation: number | null;
  /** Whether that is known from earlier and is not measured again. */
  readonly isNoiseStored: boolean;
}

export interface ComparePlan {
  readonly pairs: number;
  readonly noisePairs: number;
  readonly secondLapPairs: number;
  /** In each segment, measured. */
  readonly requests: number;
  /** In each segment, before those. */
  readonly warmUpRequests: number;
  readonly quantile: "p50" | "p95";
  readonly hasWarmPhase: boolean;
  /** Pairs after which it is looked at; the last is `pairs`. */
  readonly looks: readonly number[];
  readonly ratePerSecond: number;
  readonly requestsInAll: number;
  readonly elapsedMs: number;
  /** As shares, by deviation: what these pairs show in four of five runs. With a known deviation that one alone. */
  /** A rise of the share of wrong and failed answers that can be ruled out where there is none at all. */
  readonly errorsVisible: number;
  readonly visible: readonly { readonly deviation: number; readonly share: number }[];
}

const PAIRS = 20;
/** Two may be lost to a machine that was busy for a moment, and eight are left. */
const PAIRS_QUICK = 10;
/** Fewer are inconclusive at best. */
export const PAIRS_MIN = 8;
export const PAIRS_MAX = 200;
const NOISE_PAIRS = 6;
const REQUESTS = 100;
/** A median takes 30 accepted uploads, and some may fail. */
export const REQUESTS_MIN = 32;
export const REQUESTS_MAX = 5_000;
/** Of the payloads of cold segments so many are sent twice, so that a cache that nobody has declared is noticed. */
export const REPEAT_SHARE = 0.1;
const REQUESTS_P95 = 100;
const WARM_UP_MAX = 10;
const WARM_UP_MS = 2_000;
/** Between segments: a fingerprint is read, connections are made. */
const BETWEEN_SEGMENTS_MS = 150;
/** From quiet to noisy machines. */
const USUAL_DEVIATIONS = [0.05, 0.1, 0.15];

/** The plan. With a hoped effect and a known noise, as many pairs as it takes; else 20, or 10 in a hurry. */
export function planComparison(wish: PlanWish): ComparePlan {
  const pairs = wish.pairs ?? pairsOf(wish);
  const requests = wish.requests ?? REQUESTS;
  const noisePairs = wish.isNoiseStored ? 0 : NOISE_PAIRS;
  const secondLapPairs = wish.isOfCache ? Math.ceil(pairs / 2) : 0;
  const warmUpRequests = Math.min(
    WARM_UP_MAX,
    Math.max(1, Math.floor((wish.ratePerSecond * WARM_UP_MS) / 1000)),
  );
  const repeats = Math.round(requests * REPEAT_SHARE);
  const coldSegments = 2 * (pairs + noisePairs + secondLapPairs);
  const warmSegments = wish.hasWarmPhase ? 2 * pairs : 0;
  const segments = coldSegments + warmSegments;
  const requestsInAll = segments * (requests + warmUpRequests) + coldSegments * repeats;
  return {
    pairs,
    noisePairs,
    secondLapPairs,
    requests,
    warmUpRequests,
    quantile: requests + repeats >= REQUESTS_P95 ? "p95" : "p50",
    hasWarmPhase: wish.hasWarmPhase,
    looks: looksOf(pairs, wish.isOfCache),
    ratePerSecond: wish.ratePerSecond,
    requestsInAll,
    elapsedMs: Math.round((requestsInAll / wish.ratePerSecond) * 1000 + segments * BETWEEN_SEGMENTS_MS),
    errorsVisible: errorsVisible(pairs * (requests + repeats + (wish.hasWarmPhase ? requests : 0))),
    visible: (wish.deviation === null ? USUAL_DEVIATIONS : [wish.deviation]).map((deviation) => {
      return { deviation, share: smallestVisible(deviation, pairs) };
    }),
  };
}

/** FASTER needs it below the flow's margin: of 765 uploads an arm, half a point can be ruled out. */
function errorsVisible(uploadsAnArm: number): number {
  const none = { count: 0, of: uploadsAnArm };
  return differenceOfShares(none, none, 0.95).high;
}

function pairsOf({ expected, deviation, isQuick }: PlanWish): number {
  if (isQuick) return PAIRS_QUICK;
  if (expected === null || expected === 0 || deviation === null) return PAIRS;
  return Math.min(PAIRS_MAX, Math.max(PAIRS_QUICK, pairsNeeded(deviation, expected)));
}

/** A first look that could not be conclusive would only cost; a second lap belongs to the end. */
function looksOf(pairs: number, isOfCache: boolean): readonly number[] {
  const first = Math.ceil(pairs / 2);
  return first < PAIRS_MIN || isOfCache ? [pairs] : [first, pairs];
}
