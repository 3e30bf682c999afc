/**
 * Whether a service's own time has changed: minutes are the units, not requests, and each cache state is compared with itself alone, so that a moved cache mix is no change of time.
 */
import { converted, type Estimate } from "../../../statistics/estimate.ts";
import { medianOf } from "../../../statistics/quantile.ts";
import { shiftOfSamples } from "../../../statistics/shift-of-samples.ts";
import type { CacheState } from "../../request-signal.ts";
import type { HistoryPoint, TimeSketch } from "../history.ts";
import { CACHE_STATES } from "../traffic-point.ts";
import type { JudgeInput, Sides, TimeChange } from "./mark-judgement.ts";
import { isBeyondInMostWindows } from "./windows.ts";

const CONFIDENCE = 0.95;
/** A cache state with fewer minutes on either side is not compared. */
const MINUTES_OF_STATE_MIN = 20;
/** So much of the traffic before must be in states that can be compared. */
const COMPARED_SHARE_MIN = 0.8;
const HOURS_OF_LAST_WEEK_MIN = 2;
const GROWTH = 1.04;

const UNKNOWN: TimeChange = {
  direction: "unknown",
  beforeMs: null,
  afterMs: null,
  change: null,
  usualChange: null,
};

export function judgeTime(input: JudgeInput): TimeChange {
  const states = comparedStates(input);
  if (states === null) return UNKNOWN;
  const shift = joinedShift(states);
  const usual = usualShift(input.lastWeek);
  const change = converted(shift, (value) => Math.exp(value - (usual ?? 0)) - 1);
  const [beforeMs, afterMs] = [standardised(states, "before"), standardised(states, "after")];
  return {
    direction: directionOf(input, { change, beforeMs, usual, states }),
    beforeMs,
    afterMs,
    change,
    usualChange: usual === null ? null : Math.exp(usual) - 1,
  };
}

/** One cache state: its weight in the traffic before, and the median of each minute, as logarithms. */
interface ComparedState {
  readonly state: CacheState;
  readonly weight: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly shift: Estimate;
}

/** `null` where too little can be compared. */
function comparedStates({ before, after }: Sides): readonly ComparedState[] | null {
  const all = before.reduce((sum, point) => sum + countOf(point), 0);
  const found = CACHE_STATES.flatMap((state): ComparedState[] => {
    const [early, late] = [mediansOf(before, state), mediansOf(after, state)];
    if (Math.min(early.length, late.length) < MINUTES_OF_STATE_MIN) return [];
    const shift = shiftOfSamples(early, late, CONFIDENCE);
    const weight = before.reduce((sum, point) => sum + countIn(point.appByCache?.[state]), 0) / all;
    return shift === null ? [] : [{ state, weight, before: early, after: late, shift }];
  });
  const compared = found.reduce((sum, { weight }) => sum + weight, 0);
  if (all === 0 || compared < COMPARED_SHARE_MIN) return null;
  return found.map((one) => ({ ...one, weight: one.weight / compared }));
}

/** States are independent of each other, so the squares of half-widths add up. */
function joinedShift(states: readonly ComparedState[]): Estimate {
  const estimate = states.reduce((sum, { weight, shift }) => sum + weight * shift.estimate, 0);
  const width = (side: (shift: Estimate) => number): number =>
    Math.hypot(...states.map(({ weight, shift }) => weight * side(shift)));
  return {
    estimate,
    low: estimate - width((shift) => shift.estimate - shift.low),
    high: estimate + width((shift) => shift.high - shift.estimate),
    confidence: CONFIDENCE,
  };
}

function standardised(states: readonly ComparedState[], side: "before" | "after"): number {
  const mean = states.reduce((sum, one) => sum + one.weight * (medianOf(one[side]) ?? 0), 0);
  return Math.exp(mean);
}

/** By how much the same hours differed last week; `null` where there was too little of them. */
function usualShift(lastWeek: Sides | null): number | null {
  if (lastWeek === null) return null;
  const [before, after] = [hoursOf(lastWeek.before), hoursOf(lastWeek.after)];
  if (Math.min(before.length, after.length) < HOURS_OF_LAST_WEEK_MIN) return null;
  const [early, late] = [medianOf(before), medianOf(after)];
  return early === null || late === null ? null : late - early;
}

const hoursOf = (hours: readonly HistoryPoint[]): number[] =>
  hours.flatMap(({ appMs }) => (appMs === null || appMs.p50 <= 0 ? [] : [Math.log(appMs.p50)]));

interface Found {
  readonly change: Estimate;
  readonly beforeMs: number;
  readonly usual: number | null;
  readonly states: readonly ComparedState[];
}

/** Off zero, larger than what matters both as a share and in milliseconds, and so in two of three windows since. */
function directionOf({ smallestEffect, after }: JudgeInput, found: Found): TimeChange["direction"] {
  const { change, beforeMs, usual, states } = found;
  const expected = new Map(states.map((one) => [one.state, (medianOf(one.before) ?? 0) + (usual ?? 0)]));
  const isBeyond = (sign: 1 | -1) => (points: readonly HistoryPoint[]) => {
    const share = Math.exp(shiftFrom(points, states, expected)) - 1;
    return sign * share >= smallestEffect.share && sign * share * beforeMs >= smallestEffect.ms;
  };
  const matters =
    Math.abs(change.estimate) >= smallestEffect.share &&
    Math.abs(change.estimate) * beforeMs >= smallestEffect.ms;
  if (matters && change.low > 0 && isBeyondInMostWindows(after, isBeyond(1))) return "up";
  if (matters && change.high < 0 && isBeyondInMostWindows(after, isBeyond(-1))) return "down";
  return "same";
}

/** Of some minutes since, against what was to be expected; states without traffic there are left out. */
function shiftFrom(
  points: readonly HistoryPoint[],
  states: readonly ComparedState[],
  expected: ReadonlyMap<CacheState, number>,
): number {
  const seen = states.flatMap(({ state, weight }) => {
    const median = medianOf(mediansOf(points, state));
    return median === null ? [] : [{ weight, shift: median - (expected.get(state) ?? 0) }];
  });
  const weight = seen.reduce((sum, one) => sum + one.weight, 0);
  return weight === 0 ? 0 : seen.reduce((sum, one) => sum + one.weight * one.shift, 0) / weight;
}

function mediansOf(points: readonly HistoryPoint[], state: CacheState): number[] {
  return points.flatMap(({ appByCache }) => {
    const sketch = appByCache?.[state];
    const median = sketch === undefined ? null : logMedianOf(sketch);
    return median === null ? [] : [median];
  });
}

/** Logarithm of the median in milliseconds: of an even number, the middle of the two in the middle, since a minute may have few and another many. */
function logMedianOf({ counts }: TimeSketch): number | null {
  const buckets = [...counts].filter(([, count]) => count > 0).sort(([one], [other]) => one - other);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const lower = placeOf(buckets, Math.floor((total + 1) / 2));
  const upper = placeOf(buckets, Math.ceil((total + 1) / 2));
  return ((lower + upper) / 2) * Math.log(GROWTH) - Math.log(1000);
}

/** Where the time of a rank (from 1) lies, in buckets: those of one bucket spread evenly over it, since steps of 4 % would hide smaller shifts. */
function placeOf(buckets: readonly (readonly [number, number])[], rank: number): number {
  let passed = 0;
  for (const [bucket, count] of buckets) {
    if (passed + count >= rank) return bucket - 1 + (rank - 0.5 - passed) / count;
    passed += count;
  }
  return 0;
}

const countIn = (sketch: TimeSketch | undefined): number =>
  sketch === undefined ? 0 : [...sketch.counts.values()].reduce((sum, count) => sum + count, 0);

const countOf = ({ appByCache }: HistoryPoint): number =>
  CACHE_STATES.reduce((sum, state) => sum + countIn(appByCache?.[state]), 0);
