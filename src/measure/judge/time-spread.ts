/**
 * Is the time less, or more, steady than it was? Asked where its middle did not move.
 */
import { kolmogorovSmirnov } from "../../statistics/kolmogorov-smirnov.ts";
import { medianOf, quantileOf } from "../../statistics/quantile.ts";
import type { TimeSource } from "./request-times.ts";
import type { SampledPair, SampledSegment } from "./sampled-pair.ts";

const P_MAX = 0.01;

/** `null` where the shape of the distribution is the same, or cannot be told from the same. */
export function spreadChange(pairs: readonly SampledPair[], source: TimeSource): "less" | "more" | null {
  const before = pairs.flatMap(({ a }) => centredLogs(a, source));
  const after = pairs.flatMap(({ b }) => centredLogs(b, source));
  if (kolmogorovSmirnov(before, after).pValue >= P_MAX) return null;
  return widthOf(after) > widthOf(before) ? "less" : "more";
}

/** Logarithms around the segment's own median, so that neither drift nor a shift counts as spread. */
function centredLogs({ uploads }: SampledSegment, source: TimeSource): readonly number[] {
  const logs = uploads
    .map((each) => each[source])
    .filter((time) => time !== null)
    .filter((time) => time > 0)
    .map(Math.log);
  const middle = medianOf(logs) ?? 0;
  return logs.map((each) => each - middle);
}

function widthOf(values: readonly number[]): number {
  return (quantileOf(values, 0.95) ?? 0) - (quantileOf(values, 0.05) ?? 0);
}
