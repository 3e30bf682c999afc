/**
 * Finds out how much a route can do, step by step, so that it is measured at half of that: loaded, and not overloaded.
 *
 * Always holds: it stops at the first step that is not borne; at most some 600 uploads and a quarter of a GiB are sent for it.
 */
import { quantileOf } from "../../statistics/quantile.ts";
import type { LoadGenerator, LoadPlan, Segment } from "../measurement.ts";

/** Uploads a second: each step twice the one before. */
const STEPS: readonly number[] = [4, 8, 16, 32, 64, 128];
const STEP_SECONDS = 2.5;
const REQUESTS_MIN = 10;
const SENT_BYTES_MAX = 256 * 1024 * 1024;
/** Where not even the first step is borne. */
const LEAST = 1;
/** A step is borne while its median time is at most so many times that of the first step, and so many milliseconds more. */
const SLOWER_FACTOR = 2;
const SLOWER_MS = 5;
const FAILED_SHARE_MAX = 0.05;
const BUSY_SHARE_MAX = 0.8;

export interface RateInput {
  readonly origin: string;
  readonly seed: number;
  readonly timeoutMs: number;
  /** Of one upload, about. */
  readonly uploadBytes: number;
  readonly signal: AbortSignal;
  readonly onStep?: (ratePerSecond: number) => void;
}

export interface FoundRate {
  readonly ratePerSecond: number;
  /** How it was found, for a person. */
  readonly sentence: string;
}

/** Sends the steps. @throws what `generator.run` throws */
export async function findRate(generator: LoadGenerator, input: RateInput): Promise<FoundRate> {
  let borne: number | null = null;
  let firstMs: number | null = null;
  let sentBytes = 0;
  for (const [number, rate] of STEPS.entries()) {
    const plan = stepPlan(rate, number, input);
    sentBytes += plan.requests * input.uploadBytes;
    if (number > 0 && sentBytes > SENT_BYTES_MAX) return halfOf(borne, "more would send too much");
    input.onStep?.(rate);
    const segment = await generator.run({
      arm: "measure",
      pair: -1 - number,
      origin: input.origin,
      plan,
      signal: input.signal,
    });
    const medianMs = medianOf(segment);
    const trouble = troubleOf(segment, medianMs, firstMs);
    if (trouble !== null || input.signal.aborted) return halfOf(borne, `${rate} were not (${trouble})`);
    firstMs ??= medianMs;
    borne = rate;
  }
  return halfOf(borne, "more was not tried");
}

function stepPlan(rate: number, number: number, { seed, timeoutMs }: RateInput): LoadPlan {
  const requests = Math.max(REQUESTS_MIN, Math.round(rate * STEP_SECONDS));
  return {
    ratePerSecond: rate,
    requests,
    warmUpRequests: number === 0 ? 3 : 0,
    seed: seed + 1 + number,
    phase: "cold",
    repeatShare: 0,
    timeoutMs,
    requestsMax: requests + 3,
    sentBytesMax: SENT_BYTES_MAX,
    elapsedMsMax: 4 * STEP_SECONDS * 1000,
  };
}

function medianOf({ requests }: Segment): number | null {
  const accepted = requests.filter(({ outcome, index }) => outcome === "accepted" && index >= 0);
  return quantileOf(
    accepted.map(({ endedMs, intendedMs }) => endedMs - intendedMs),
    0.5,
  );
}

/** Why a step was not borne, in words, or `null`. */
function troubleOf(
  { health, requests }: Segment,
  medianMs: number | null,
  firstMs: number | null,
): string | null {
  if (health.stopped !== null) return health.stopped;
  const bad = requests.filter(({ outcome, index }) => outcome !== "accepted" && index >= 0);
  if (medianMs === null || bad.length > requests.length * FAILED_SHARE_MAX)
    return `${bad.length} of ${requests.length} were not accepted: ${bad[0]?.reason ?? "no answer"}`;
  if (health.busyShare > BUSY_SHARE_MAX) return "this machine cannot send more";
  return firstMs !== null && medianMs > firstMs * SLOWER_FACTOR + SLOWER_MS
    ? `they took ${Math.round(medianMs)} ms in place of ${Math.round(firstMs)} ms`
    : null;
}

function halfOf(borne: number | null, why: string): FoundRate {
  if (borne === null)
    return {
      ratePerSecond: LEAST,
      sentence: `Not even ${STEPS[0]} uploads a second were borne: ${why}; measured at ${LEAST} a second.`,
    };
  const half = borne / 2;
  return {
    ratePerSecond: half,
    sentence: `${borne} uploads a second were borne, ${why}; measured at ${half} a second, half of that.`,
  };
}
