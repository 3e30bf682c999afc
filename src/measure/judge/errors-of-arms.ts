/**
 * Did more, or fewer, requests go wrong? Counts of wrong and failed answers in both arms, of all phases.
 *
 * Where errors come in bursts (per segment they vary more than twice their mean), requests are no units, and pairs are permuted instead.
 */
import { type Count, differenceOfShares } from "../../statistics/difference-of-shares.ts";
import type { Estimate } from "../../statistics/estimate.ts";
import type { Random } from "../../statistics/random.ts";
import { signFlipP } from "../../statistics/sign-flip.ts";
import { deviationOf, meanOf } from "../../statistics/spread.ts";
import type { MeasuredOutcome, MeasuredRequest } from "../measured-request.ts";
import { isError } from "./request-times.ts";
import type { SampledPair, SampledSegment } from "./sampled-pair.ts";
import { outcomesOf } from "./summarise-measurement.ts";

const CONFIDENCE = 0.95;
const BURST_RATIO = 2;

export interface ErrorFinding {
  readonly before: Count;
  readonly after: Count;
  /** Share after − share before, Newcombe and Wilson, 95 %. */
  readonly difference: Estimate;
  readonly isWorse: boolean;
  readonly isBetter: boolean;
  /** Judged by permuting pairs, as errors came in bursts. */
  readonly isBursty: boolean;
}

export function judgeErrors(pairs: readonly SampledPair[], random: Random): ErrorFinding {
  const before = countOf(pairs.flatMap(({ a }) => a.measured));
  const after = countOf(pairs.flatMap(({ b }) => b.measured));
  const difference = differenceOfShares(before, after, CONFIDENCE);
  const isBursty = isInBursts(pairs.map(({ a }) => a)) || isInBursts(pairs.map(({ b }) => b));
  const isSure = !isBursty || isSureByPairs(pairs, random);
  return {
    before,
    after,
    difference,
    isWorse: difference.low > 0 && isSure,
    isBetter: difference.high < 0 && isSure,
    isBursty,
  };
}

/** Errors that come one by one vary about as much as their mean (Poisson). */
function isInBursts(segments: readonly SampledSegment[]): boolean {
  const counts = segments.map(({ measured }) => countOf(measured).count);
  return counts.length > 1 && deviationOf(counts) ** 2 > BURST_RATIO * meanOf(counts);
}

function isSureByPairs(pairs: readonly SampledPair[], random: Random): boolean {
  return (
    signFlipP(
      pairs.map(({ a, b }) => shareOf(b.measured) - shareOf(a.measured)),
      random,
    ) <
    1 - CONFIDENCE
  );
}

function shareOf(requests: readonly MeasuredRequest[]): number {
  const { count, of } = countOf(requests);
  return of === 0 ? 0 : count / of;
}

function countOf(requests: readonly MeasuredRequest[]): Count {
  return { count: requests.filter(isError).length, of: requests.length };
}

/** An outcome whose share moved by more than chance, and by more than what may pass. */
export interface OutcomeMove {
  readonly outcome: MeasuredOutcome;
  readonly before: Count;
  readonly after: Count;
  readonly isMore: boolean;
}

/** Requests that went from one outcome to another: a limit that is smaller now, a rate that is reached. */
export function movedOutcomes(pairs: readonly SampledPair[], marginShare: number): readonly OutcomeMove[] {
  const requests = { a: pairs.flatMap(({ a }) => a.measured), b: pairs.flatMap(({ b }) => b.measured) };
  const counts = { a: outcomesOf(requests.a), b: outcomesOf(requests.b) };
  const of = (arm: "a" | "b", outcome: MeasuredOutcome): Count => ({
    count: counts[arm][outcome],
    of: requests[arm].length,
  });
  return (["accepted", "refused", "wrong", "failed"] as const).flatMap((outcome) => {
    const [before, after] = [of("a", outcome), of("b", outcome)];
    const { estimate, low, high } = differenceOfShares(before, after, CONFIDENCE);
    const isMoved = (low > 0 || high < 0) && Math.abs(estimate) > marginShare;
    return isMoved ? [{ outcome, before, after, isMore: estimate > 0 }] : [];
  });
}
