/**
 * The one number that is compared: p95 of the service's time, or p50 where a segment is too short for that.
 */
import { medianOf } from "../../statistics/quantile.ts";
import type { Mix, TimeMetric } from "./like-for-like.ts";
import { type TimeSource, timeSourceOf } from "./request-times.ts";
import type { SampledPair } from "./sampled-pair.ts";

export type QuantileName = "p50" | "p95" | "p99";

/** A segment of so many measured requests gives the quantile. */
const P95_REQUESTS_MIN = 100;
/** Uploads that must be left of them when failed ones and second sends are taken away. */
const COUNT_MIN: Readonly<Record<QuantileName, number>> = { p50: 30, p95: 80, p99: 80 };
const SHARES: Readonly<Record<QuantileName, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

export interface PrimaryMetric {
  readonly quantile: "p50" | "p95";
  readonly of: TimeSource;
}

/** The same for all segments, so that they can be compared. Where one arm does not tell `app;dur`, the client's view holds for both. */
export function primaryMetric(pairs: readonly SampledPair[]): PrimaryMetric {
  const segments = pairs.flatMap(({ a, b }) => [a, b]);
  const usual = medianOf(segments.map(({ measured }) => measured.length)) ?? 0;
  const arms = [pairs.flatMap(({ a }) => a.measured), pairs.flatMap(({ b }) => b.measured)];
  return {
    quantile: usual >= P95_REQUESTS_MIN ? "p95" : "p50",
    of: arms.every((requests) => timeSourceOf(requests) === "server") ? "server" : "client",
  };
}

/** A quantile, as it is taken of a segment. */
export function metricOf(
  name: QuantileName,
  source: TimeSource,
  timeoutMs: number,
  mix: Mix | null,
): TimeMetric {
  return { source, quantile: SHARES[name], countMin: COUNT_MIN[name], mix, only: null, timeoutMs };
}

/** `app`: the service's own time, as it tells it; `client`: what its client saw of it. */
export function sourceName(source: TimeSource): "app" | "client" {
  return source === "server" ? "app" : "client";
}
