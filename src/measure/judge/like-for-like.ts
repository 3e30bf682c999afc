/**
 * The time of a segment as it would be with the mix of arm A: each cache class, and in it each size of file, weighs in every segment what it weighs in A
 * as a whole. A lucky row of cache hits then changes nothing.
 */
import { quantileOf, type Weighted, weightedQuantileOf } from "../../statistics/quantile.ts";
import type { TimeSource } from "./request-times.ts";
import { type ClassCount, countClasses, type SampledSegment, type SampledUpload } from "./sampled-pair.ts";

/** A class below this share may be missing in a segment. */
const CLASS_SHARE_MIN = 0.01;

/** Shares of classes among all uploads, and of sizes among those of a class. */
export type Mix = ReadonlyMap<string, MixClass>;

interface MixClass {
  readonly share: number;
  readonly sizes: ReadonlyMap<number, number>;
}

/** What is taken of a segment. */
export interface TimeMetric {
  readonly source: TimeSource;
  /** From 0 to 1. */
  readonly quantile: number;
  /** So many uploads a segment needs for this quantile. */
  readonly countMin: number;
  /** `null`: as it is, whatever the mix. */
  readonly mix: Mix | null;
  /** Only uploads of this cache class; `null`: all. */
  readonly only: string | null;
  readonly timeoutMs: number;
}

/** Milliseconds, or why there is no time. */
export type SegmentTime =
  | { readonly ms: number; readonly missing: null }
  | { readonly ms: null; readonly missing: string };

/** What a time is taken of: a segment, or a minute of a log. */
export type TimedUploads = Pick<SampledSegment, "uploads" | "timeouts" | "counts">;

/** The mix of uploads of an arm as a whole. */
export function mixOf(uploads: readonly SampledUpload[]): Mix {
  const counts = countClasses(uploads);
  return new Map(
    [...counts].map(([name, { count, sizes }]) => [
      name,
      {
        share: count / uploads.length,
        sizes: new Map([...sizes].map(([size, inSize]) => [size, inSize / count])),
      },
    ]),
  );
}

/** The quantile of a segment's times. Timeouts count with the time after which they were given up. */
export function timeOfSegment(segment: TimedUploads, metric: TimeMetric): SegmentTime {
  const { uploads, timeouts } = picked(segment, metric);
  const count = uploads.length + timeouts;
  if (count < metric.countMin) return none(`only ${count} accepted uploads`);
  if (timeouts / count >= 1 - metric.quantile) return none(`${timeouts} of ${count} had no answer in time`);
  const late = Array<number>(timeouts).fill(metric.timeoutMs);
  if (metric.mix === null) {
    const times = uploads.map((each) => each[metric.source]).filter((time) => time !== null);
    return told(quantileOf([...times, ...late], metric.quantile));
  }
  const missing = missingClass(segment, metric.mix);
  if (missing !== null) return none(`no upload with cache ${missing}`);
  const weighted = weightedTimes(segment, metric.mix, metric.source);
  const lateWeight = 1 / Math.max(1, uploads.length);
  for (const value of late) weighted.push({ value, weight: lateWeight });
  return told(weightedQuantileOf(weighted, metric.quantile));
}

function picked(segment: TimedUploads, { only }: TimeMetric): Pick<SampledSegment, "uploads" | "timeouts"> {
  if (only === null) return segment;
  return { uploads: segment.uploads.filter(({ cacheClass }) => cacheClass === only), timeouts: 0 };
}

function none(missing: string): SegmentTime {
  return { ms: null, missing };
}

function told(ms: number | null): SegmentTime {
  return ms === null || ms <= 0 ? none("no time was told") : { ms, missing: null };
}

function missingClass({ counts }: TimedUploads, mix: Mix): string | null {
  for (const [name, { share }] of mix) if (share > CLASS_SHARE_MIN && !counts.has(name)) return name;
  return null;
}

/** Weights sum to 1. A size that a segment lacks leaves its weight to the other sizes of its class; what A never had weighs nothing. */
function weightedTimes({ uploads, counts }: TimedUploads, mix: Mix, source: TimeSource): Weighted[] {
  const weights = new Map(
    [...counts].map(([name, counted]) => [name, weightsInClass(counted, mix.get(name))]),
  );
  const weighted: Weighted[] = [];
  for (const upload of uploads) {
    const value = upload[source];
    const weight = weights.get(upload.cacheClass)?.get(upload.size) ?? 0;
    if (value !== null) weighted.push({ value, weight });
  }
  return weighted;
}

/** What one upload of each size weighs. */
function weightsInClass({ sizes }: ClassCount, wanted: MixClass | undefined): ReadonlyMap<number, number> {
  let present = 0;
  for (const size of sizes.keys()) present += wanted?.sizes.get(size) ?? 0;
  if (wanted === undefined || present === 0) return new Map();
  return new Map(
    [...sizes].map(([size, count]) => [
      size,
      (wanted.share * (wanted.sizes.get(size) ?? 0)) / present / count,
    ]),
  );
}
