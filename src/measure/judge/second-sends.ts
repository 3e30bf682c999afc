/**
 * A cache that nobody has declared: in the cold phase some payloads are sent a second time, and where those are answered faster though no answer tells of
 * a cache, there is one.
 */
import type { FlowMeasure } from "../../flows/flow.ts";
import { hodgesLehmann } from "../../statistics/hodges-lehmann.ts";
import { medianOf } from "../../statistics/quantile.ts";
import type { TimeSource } from "./request-times.ts";
import type { SampledPair, SampledSegment, SampledUpload } from "./sampled-pair.ts";

/** It blocks a verdict, so that it must be surer than a note: two arms, 1 % together. */
const CONFIDENCE = 0.99;
const REPEATS_MIN = 3;

/**
 * A sentence for each arm with a cache that is not told.
 * @param smallest  change that matters; its milliseconds are set beside the arm's own time: a quick arm's few are many of its own.
 */
export function undeclaredCaches(
  pairs: readonly SampledPair[],
  source: TimeSource,
  smallest: FlowMeasure["smallestEffect"],
): readonly string[] {
  return (["a", "b"] as const).flatMap((arm) => {
    const changes = pairs
      .map((pair) => changeOnRepeat(pair[arm], source))
      .filter((change) => change !== null);
    const interval = hodgesLehmann(changes, CONFIDENCE);
    const usualMs = medianOf(pairs.flatMap((pair) => timesOf(pair[arm].uploads, source)));
    const matters = Math.max(smallest.share, usualMs === null ? 0 : smallest.ms / usualMs);
    if (interval === null || interval.high >= 0 || Math.expm1(interval.estimate) > -matters) return [];
    const share = Math.round(-Math.expm1(interval.estimate) * 100);
    return [
      `${arm === "a" ? "Before" : "After"} the change, payloads that were sent a second time were answered ${share} % faster, though no answer tells of a cache: there is one that nobody has declared.`,
    ];
  });
}

/** ln(second/first) of the medians in one segment, of sends whose answer does not tell of a cache. */
function changeOnRepeat(segment: SampledSegment, source: TimeSource): number | null {
  if (toldOfCache(segment)) return null;
  const repeats = timesOf(segment.repeats, source);
  const first = medianOf(timesOf(segment.uploads, source));
  const second = medianOf(repeats);
  if (repeats.length < REPEATS_MIN || first === null || second === null || first <= 0 || second <= 0)
    return null;
  return Math.log(second / first);
}

function toldOfCache({ measured }: SegmentRequests): boolean {
  const repeats = measured.filter(({ repeat }) => repeat > 0);
  return repeats.filter(({ cache }) => cache !== "unknown").length * 2 > repeats.length;
}

type SegmentRequests = Pick<SampledSegment, "measured">;

function timesOf(uploads: readonly SampledUpload[], source: TimeSource): readonly number[] {
  return uploads.map((each) => each[source]).filter((time) => time !== null);
}
