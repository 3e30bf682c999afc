/**
 * How much two measurements of one and the same thing differ on this host: what every comparison is seen through.
 */
import { hodgesLehmann } from "../../statistics/hodges-lehmann.ts";
import { medianOf } from "../../statistics/quantile.ts";
import type { Random } from "../../statistics/random.ts";
import { smallestVisible } from "../../statistics/smallest-visible.ts";
import { deviationOf } from "../../statistics/spread.ts";
import type { Comparison } from "../comparison.ts";
import type { JudgeInput, SegmentPair, StoredNoise } from "./judge-input.ts";
import type { TimeMetric } from "./like-for-like.ts";
import { pairedEffect } from "./paired-effect.ts";
import { metricOf, primaryMetric, sourceName } from "./primary-metric.ts";
import { samplePairs } from "./sampled-pair.ts";

const CONFIDENCE = 0.95;
const STORED_MS_MAX = 24 * 3600 * 1000;

export interface NoiseFinding {
  readonly noise: Comparison["noise"];
  /** Why the host cannot be measured on; `null` where it can. */
  readonly invalid: string | null;
  readonly note: string | null;
}

/** What pairs of one arm with itself showed, to be kept beside the fingerprint; `null` where they gave no time. */
export function noiseOfPairs(
  pairs: readonly SegmentPair[],
  timeoutMs: number,
  measuredAtMs: number,
): StoredNoise | null {
  const sampled = samplePairs(pairs, { isCacheDeclared: false, timeoutMs });
  const { quantile, of } = primaryMetric(sampled);
  const metric = metricOf(quantile, of, timeoutMs, null);
  const { changes } = pairedEffect(sampled, metric, new Map(), () => 0);
  return changes.length < 2 ? null : { quantile, of: sourceName(of), changes, measuredAtMs };
}

/** Judges the noise for the metric of a comparison. */
export function judgeNoise(
  input: Pick<JudgeInput, "noise" | "startedAtMs" | "pairsPlanned">,
  metric: TimeMetric,
  name: "p50" | "p95",
  matters: number,
  random: Random,
): NoiseFinding {
  const changes = changesFor(input, metric, name, random);
  if (typeof changes === "string") return { noise: null, invalid: null, note: changes };
  const interval = hodgesLehmann(changes, CONFIDENCE);
  const median = Math.expm1(medianOf(changes) ?? 0);
  const deviation = deviationOf(changes);
  const isOff = interval !== null && (interval.low > 0 || interval.high < 0);
  const noise = {
    pairs: changes.length,
    sd: deviation,
    median,
    smallestVisible: smallestVisible(deviation, input.pairsPlanned),
  };
  return { noise, invalid: isOff && Math.abs(median) >= matters ? unsteady(median) : null, note: null };
}

function changesFor(
  { noise, startedAtMs }: Pick<JudgeInput, "noise" | "startedAtMs">,
  metric: TimeMetric,
  name: "p50" | "p95",
  random: Random,
): readonly number[] | string {
  if (noise === null)
    return "Nobody looked how much this host differs from itself (A/A pairs), so the smallest visible effect is not known.";
  if (noise.kind === "pairs") {
    const sampled = samplePairs(noise.pairs, { isCacheDeclared: false, timeoutMs: metric.timeoutMs });
    const { changes } = pairedEffect(sampled, { ...metric, mix: null }, new Map(), random);
    return changes.length >= 2
      ? changes
      : "The A/A pairs gave no times, so the host's own noise is not known.";
  }
  const { quantile, of, changes, measuredAtMs } = noise.noise;
  if (startedAtMs - measuredAtMs > STORED_MS_MAX)
    return "The host's own noise was looked at more than a day ago, so it was not used.";
  const isSame = quantile === name && of === sourceName(metric.source) && changes.length >= 2;
  return isSame
    ? changes
    : `The host's own noise was kept for ${quantile} as the ${of} tells it, so it was not used.`;
}

function unsteady(median: number): string {
  return `This host cannot be measured on now: the same arm against itself differed by ${(median * 100).toFixed(1)} %.`;
}
