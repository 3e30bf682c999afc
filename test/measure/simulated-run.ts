/**
 * A service on a host, both made of chance: requests whose truth is known, for judging the judge.
 *
 * The model is the one of the design: log-normal times, some stalls, hits in a fraction of the time, noise of a whole segment, a host that drifts while the
 * run lasts, errors, a share of answers from a cache. Always holds: the same seed gives the same requests.
 */

import { UNWRITTEN_MEASURE } from "../../src/flows/measure/unwritten.ts";
import type { JudgeInput, SegmentPair } from "../../src/measure/judge/judge-input.ts";
import type { MeasuredRequest, SegmentHealth } from "../../src/measure/measured-request.ts";
import type { Segment } from "../../src/measure/measurement.ts";
import {
  balancedCoin,
  derivedSeed,
  poissonArrivals,
  type Random,
  seededRandom,
} from "../../src/statistics/random.ts";

/** What is true of one arm. */
export interface SimulatedArm {
  /** Median of an answer that is made anew, in milliseconds. */
  readonly medianMs: number;
  readonly hitShare: number;
  readonly errorShare: number;
  readonly refusedShare: number;
  readonly databaseCalls: number | null;
  /** A payload that came before is answered in a fraction of the time. */
  readonly remembersPayloads: boolean;
  /** Part of the work that `app;dur` does not count, in milliseconds. */
  readonly uncountedMs: number;
  readonly tellsApp: boolean;
  readonly tellsCache: boolean;
  /** Failed answers come so fast. */
  readonly errorMs: number;
}

export interface SimulatedHost {
  readonly pairs: number;
  readonly requests: number;
  /** Standard deviation of ln(time) that all requests of a segment share. */
  readonly segmentNoise: number;
  /** Relative change of everything from the first to the last segment. */
  readonly drift: number;
}

export const STEADY_ARM: SimulatedArm = {
  medianMs: 200,
  hitShare: 0,
  errorShare: 0,
  refusedShare: 0,
  databaseCalls: 3,
  remembersPayloads: false,
  uncountedMs: 0,
  tellsApp: true,
  tellsCache: true,
  errorMs: 5,
};

export const QUIET_HOST: SimulatedHost = { pairs: 20, requests: 100, segmentNoise: 0.05, drift: 0 };

const SIGMA = 0.35;
const STALL_SHARE = 0.01;
const STALL_FACTOR = 4;
const HIT_FACTOR = 0.25;
const REPEAT_SHARE = 0.1;
const NETWORK_MS = 2;

/** Pairs in which A and B are what they are said to be. */
export function simulatedPairs(
  a: SimulatedArm,
  b: SimulatedArm,
  host: SimulatedHost,
  seed: number,
  phase: "cold" | "warm" = "cold",
): readonly SegmentPair[] {
  const random = seededRandom(seed);
  return balancedCoin(host.pairs, random).map((isAFirst, pair) => {
    const arrivals = poissonArrivals(host.requests, 20, seededRandom(derivedSeed(seed, pair)));
    const scales = [0, 1].map((half) => scaleOf(host, 2 * pair + half, random));
    const [scaleA, scaleB] = isAFirst ? scales : [...scales].reverse();
    const segment = (arm: "a" | "b", truth: SimulatedArm, scale: number): Segment => ({
      health: healthOf(arm, pair),
      requests: arrivals.map((at, index) => requestOf({ arm, truth, scale, pair, index, at, phase, random })),
    });
    return {
      pair,
      order: isAFirst ? ("ab" as const) : ("ba" as const),
      a: segment("a", a, scaleA ?? 1),
      b: segment("b", b, scaleB ?? 1),
    };
  });
}

/** What `compare` would hand over: one thing differs, and the noise of the host was looked at. */
export function simulatedInput(
  pairs: readonly SegmentPair[],
  changed: Partial<JudgeInput> & Pick<JudgeInput, "seed">,
): JudgeInput {
  const arm = (label: string, commit: string): JudgeInput["arms"]["a"] => ({
    label,
    target: `http://127.0.0.1:8000/${label}`,
    fingerprint: { values: { "git.commit": commit, "host.cpu": "two cores", "env.WORKERS": "2" } },
    changedMeanwhile: [],
  });
  return {
    id: "20261122-190512-x7q2",
    flow: "avatar",
    startedAtMs: Date.UTC(2026, 10, 22, 19, 5),
    elapsedMs: 240_000,
    program: "sluicegate 1.0.0",
    arms: { a: arm("before", "3c4d5e6"), b: arm("after", "9f8e7d6") },
    variable: "git.commit",
    ignoredKeys: [],
    cold: pairs,
    warm: [],
    secondLap: [],
    noise: null,
    cacheProof: null,
    measure: UNWRITTEN_MEASURE,
    timeoutMs: 30_000,
    expected: null,
    pairsPlanned: 20,
    look: 2,
    cleared: [],
    commands: [
      "sluicegate compare avatar --a http://127.0.0.1:8000 --b http://127.0.0.1:8001 --variable git.commit",
    ],
    rollback: "git revert 9f8e7d6",
    evidenceSha256: "0".repeat(64),
    ...changed,
  };
}

interface RequestPlan {
  readonly arm: "a" | "b";
  readonly truth: SimulatedArm;
  readonly scale: number;
  readonly pair: number;
  readonly index: number;
  readonly at: number;
  readonly phase: "cold" | "warm";
  readonly random: Random;
}

function requestOf(plan: RequestPlan): MeasuredRequest {
  const { arm, truth, pair, index, at, phase, random } = plan;
  const chance = random();
  const outcome =
    chance < truth.errorShare
      ? "failed"
      : chance < truth.errorShare + truth.refusedShare
        ? "refused"
        : "accepted";
  const repeat = phase === "warm" ? 1 + Math.floor(index / 10) : random() < REPEAT_SHARE ? 1 : 0;
  const isHit = random() < truth.hitShare;
  const isFast = isHit || (repeat > 0 && truth.remembersPayloads);
  const worked = outcome === "accepted" ? workMs(plan, isFast) : truth.errorMs;
  const backMs = at + 1 + worked + NETWORK_MS * (0.5 + random());
  return {
    arm,
    pair,
    index,
    intendedMs: at,
    firstByteSentMs: at + 0.3,
    lastByteSentMs: at + 1,
    firstByteBackMs: backMs,
    endedMs: backMs + 0.5,
    status: outcome === "accepted" ? 201 : outcome === "refused" ? 429 : 500,
    outcome,
    reason: outcome === "failed" ? "status 500" : null,
    sentBytes: 20_000,
    sizeBucket: 16_384,
    payload: `sample-${index % 10}`,
    repeat,
    phase,
    cache: truth.tellsCache ? (isHit ? "hit" : "miss") : "unknown",
    caches: {},
    recvMs: 1,
    appMs: truth.tellsApp ? Math.max(0.1, worked - truth.uncountedMs) : null,
    databaseMs: truth.databaseCalls === null ? null : worked / 4,
    databaseCalls: truth.databaseCalls,
    requestId: null,
  };
}

function workMs({ truth, scale, random }: RequestPlan, isFast: boolean): number {
  const stall = random() < STALL_SHARE ? STALL_FACTOR : 1;
  const part = isFast ? HIT_FACTOR : 1;
  return truth.medianMs * part * scale * stall * Math.exp(SIGMA * normal(random));
}

function scaleOf({ pairs, segmentNoise, drift }: SimulatedHost, segment: number, random: Random): number {
  return (1 + (drift * segment) / (2 * pairs)) * Math.exp(segmentNoise * normal(random));
}

/** @see Box and Muller 1958 */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function healthOf(arm: "a" | "b", pair: number): SegmentHealth {
  return {
    arm,
    pair,
    startedAtMs: Date.UTC(2026, 10, 22, 19, 5) + pair * 12_000,
    elapsedMs: 5000,
    sendLagP99Ms: 1,
    busyShare: 0.2,
    completeShare: 1,
    stopped: null,
  };
}
