/**
 * Did the answers come from other places than before? Shares of each cache class in both arms, whether they moved, whether they can be compared at all,
 * and how much of the change of the mean is mix.
 */
import { type ClassMeans, type MixSplit, mixAndWithin } from "../../statistics/mix-and-within.ts";
import type { Random } from "../../statistics/random.ts";
import { signedRankP } from "../../statistics/signed-rank.ts";
import { meanOf } from "../../statistics/spread.ts";
import type { TimeSource } from "./request-times.ts";
import type { SampledPair, SampledUpload } from "./sampled-pair.ts";

const SHIFT_TESTED = 0.02;
const SHIFT_P = 0.05;
const SHIFT_REGARDLESS = 0.05;
const UNKNOWN_SHARE_MAX = 0.1;
const CLASS_SHARE_MIN = 0.01;
const CLASS_COUNT_MIN = 30;

export interface ClassShare {
  readonly name: string;
  readonly countBefore: number;
  readonly countAfter: number;
  readonly before: number;
  readonly after: number;
  readonly isMoved: boolean;
}

export interface CacheMix {
  /** The most usual first. */
  readonly classes: readonly ClassShare[];
  readonly isMoved: boolean;
  /** Some answer says where it came from. */
  readonly isTold: boolean;
  /** A class that one of the arms hardly has. */
  readonly withoutOverlap: ClassShare | null;
  /** Shares of answers that did not tell. */
  readonly unknownBefore: number;
  readonly unknownAfter: number;
  /** Milliseconds of the change of the mean time; `null` where a class is in one arm only. */
  readonly split: MixSplit | null;
}

/** The mix of accepted uploads. */
export function judgeCacheMix(pairs: readonly SampledPair[], source: TimeSource, random: Random): CacheMix {
  const before = pairs.flatMap(({ a }) => a.uploads);
  const after = pairs.flatMap(({ b }) => b.uploads);
  const names = [...new Set([...before, ...after].map(({ cacheClass }) => cacheClass))];
  const classes = names
    .map((name) => classShare(name, before, after, pairs, random))
    .sort((one, other) => other.before + other.after - one.before - one.after);
  /** An arm that accepts next to nothing has no mix: its errors are what is to be told. */
  const isComparable = Math.min(before.length, after.length) >= CLASS_COUNT_MIN;
  const unknown = classes.find(({ name }) => name === "unknown");
  return {
    classes,
    isMoved: isComparable && classes.some(({ isMoved }) => isMoved),
    isTold: pairs.some(({ a, b }) => [...a.measured, ...b.measured].some(({ cache }) => cache !== "unknown")),
    withoutOverlap: isComparable
      ? (classes.find((each) => isApart(each, before.length + after.length)) ?? null)
      : null,
    unknownBefore: unknown?.before ?? 0,
    unknownAfter: unknown?.after ?? 0,
    split: splitOf(classes, before, after, source),
  };
}

/** Too many answers do not tell where they came from, though a cache is declared. With a cache as the variable, one arm may have none that could tell. */
export function isUnobserved({ unknownBefore, unknownAfter }: CacheMix, isCacheVariable: boolean): boolean {
  const unseen = [unknownBefore, unknownAfter].filter((share) => share > UNKNOWN_SHARE_MAX);
  return isCacheVariable ? unseen.length === 2 : unseen.length > 0;
}

function classShare(
  name: string,
  before: readonly SampledUpload[],
  after: readonly SampledUpload[],
  pairs: readonly SampledPair[],
  random: Random,
): ClassShare {
  const [countBefore, countAfter] = [countIn(before, name), countIn(after, name)];
  const shares = { before: shareIn(before, name), after: shareIn(after, name) };
  const moved = Math.abs(shares.after - shares.before);
  const isMoved =
    moved > SHIFT_REGARDLESS ||
    (moved > SHIFT_TESTED &&
      signedRankP(
        pairs.map(({ a, b }) => shareIn(b.uploads, name) - shareIn(a.uploads, name)),
        random,
      ) < SHIFT_P);
  return { name, countBefore, countAfter, ...shares, isMoved };
}

function countIn(uploads: readonly SampledUpload[], name: string): number {
  return uploads.reduce((count, { cacheClass }) => count + (cacheClass === name ? 1 : 0), 0);
}

function shareIn(uploads: readonly SampledUpload[], name: string): number {
  return uploads.length === 0 ? 0 : countIn(uploads, name) / uploads.length;
}

function isApart({ countBefore, countAfter }: ClassShare, of: number): boolean {
  const isLarge = countBefore + countAfter >= of * CLASS_SHARE_MIN;
  const [fewer, more] = [Math.min(countBefore, countAfter), Math.max(countBefore, countAfter)];
  return isLarge && fewer < CLASS_COUNT_MIN && more >= CLASS_COUNT_MIN;
}

function splitOf(
  classes: readonly ClassShare[],
  before: readonly SampledUpload[],
  after: readonly SampledUpload[],
  source: TimeSource,
): MixSplit | null {
  if (classes.some(({ countBefore, countAfter }) => countBefore === 0 || countAfter === 0)) return null;
  const meanIn = (uploads: readonly SampledUpload[], name: string): number =>
    meanOf(
      uploads
        .filter(({ cacheClass }) => cacheClass === name)
        .map((each) => each[source])
        .filter((time) => time !== null),
    );
  return mixAndWithin(
    classes.map(
      (each): ClassMeans => ({
        shareBefore: each.before,
        shareAfter: each.after,
        meanBefore: meanIn(before, each.name),
        meanAfter: meanIn(after, each.name),
      }),
    ),
  );
}
