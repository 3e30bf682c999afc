/**
 * Two stretches of real traffic, told apart by time and by nothing else that is known: what `compare --logs` says. Nobody has changed one thing at a time,
 * so the strongest word is SUSPECTED.
 *
 * In: requests of two logs. Out: a `Comparison`, like that of a run.
 * Always holds: minutes are the units, never requests (shorter ones where there are too few minutes); the time of each is weighed to the cache mix before.
 */
import { converted, type Estimate } from "../../statistics/estimate.ts";
import { medianOf } from "../../statistics/quantile.ts";
import { derivedSeed, seededRandom } from "../../statistics/random.ts";
import { rankSumP } from "../../statistics/rank-sum.ts";
import { shiftOfSamples } from "../../statistics/shift-of-samples.ts";
import { deviationOf } from "../../statistics/spread.ts";
import type { Comparison, Verdict } from "../comparison.ts";
import { judgeCacheMix } from "./cache-mix.ts";
import { comparisonRows, type RowFindings, sayOtherRows } from "./comparison-rows.ts";
import { explainsDatabaseChange, judgeDatabase } from "./database-change.ts";
import { judgeErrors } from "./errors-of-arms.ts";
import type { TimeFinding } from "./findings.ts";
import { fingerprintDifference } from "./fingerprint-difference.ts";
import type { JudgeLogsInput, LoggedRequest } from "./judge-input.ts";
import { type Mix, mixOf, timeOfSegment } from "./like-for-like.ts";
import { loggedPair, unitsOfLog } from "./logged-units.ts";
import { callOfIntervals, PAIRS_MIN } from "./paired-effect.ts";
import { metricOf } from "./primary-metric.ts";
import type { SampledPair } from "./sampled-pair.ts";
import { sayEffect, sayNumber, sayPercent, sayShare } from "./say-change.ts";
import { outcomesOf } from "./summarise-measurement.ts";

const CONFIDENCE = 0.95;
const NARROW = 0.9;
/** Accepted uploads in each log, and requests in both. */
const UPLOADS_MIN = 50;
const REQUESTS_MIN = 200;
const UNIT_UPLOADS_MIN = 5;
/** Tried one after the other: the longest of which each log has enough. */
const UNIT_LENGTHS_MS = [60_000, 10_000, 1000] as const;

interface LogFindings extends RowFindings {
  readonly units: { readonly before: number; readonly after: number; readonly lengthMs: number };
  /** Why nothing can be said; `null` where enough is there. */
  readonly tooLittle: string | null;
}

/** Judges two logs: suspicion at most. */
export function judgeLogs(input: JudgeLogsInput): Comparison {
  const findings = logFindings(input);
  const verdict = logVerdict(findings);
  const difference = fingerprintDifference(input.arms, input.variable, input.ignoredKeys);
  const { arms, measure, a, b, ...carried } = input;
  return {
    version: 1,
    id: carried.id,
    flow: carried.flow,
    startedAtMs: carried.startedAtMs,
    elapsedMs: carried.elapsedMs,
    program: carried.program,
    arms: { a: armOf(arms.a, a), b: armOf(arms.b, b) },
    variable: carried.variable,
    differing: difference.differing,
    unseen: difference.unseen,
    metric: { quantile: "p50", of: "app", phase: "cold" },
    smallestEffect: measure.smallestEffect,
    noise: null,
    expected: carried.expected,
    verdict,
    sentence: logSentence(verdict, findings),
    reasons: logReasons(findings, input.variable, difference.confounded),
    rows: comparisonRows(findings),
    likeForLike: findings.time.paired.effect,
    raw: findings.raw.paired.effect,
    byCacheClass: {},
    warm: null,
    pairs: [],
    quantiles: [],
    health: logHealth(findings),
    pairsMore: null,
    cleared: [],
    commands: carried.commands,
    rollback: carried.rollback,
    evidenceSha256: carried.evidenceSha256,
  };
}

function armOf(
  { label, target, fingerprint }: JudgeLogsInput["arms"]["a"],
  requests: readonly LoggedRequest[],
): Comparison["arms"]["a"] {
  return { label, target, fingerprint, requests: requests.length, outcomes: outcomesOf(requests) };
}

function logFindings(input: JudgeLogsInput): LogFindings {
  const isCacheDeclared = input.measure.caches.length > 0;
  const pair = loggedPair(input.a, input.b, isCacheDeclared);
  const random = seededRandom(derivedSeed(input.seed, 0));
  const units = unitLength(input, isCacheDeclared);
  const mix = judgeCacheMix([pair], "server", random);
  return {
    time: shiftFinding(input, isCacheDeclared, units.lengthMs, mixOf(pair.a.uploads)),
    raw: shiftFinding(input, isCacheDeclared, units.lengthMs, null),
    metric: { quantile: "p50", of: "server" },
    warm: null,
    isCacheVariable: false,
    errors: judgeErrors([pair], random),
    mix,
    database: judgeDatabase([pair], mix.classes[0]?.name ?? null, random),
    ofWhat: "accepted uploads in real traffic, minute by minute",
    units,
    tooLittle: tooLittle(input, pair, units),
  };
}

function tooLittle({ a, b }: JudgeLogsInput, pair: SampledPair, units: LogFindings["units"]): string | null {
  const uploads = Math.min(pair.a.uploads.length, pair.b.uploads.length);
  if (uploads < UPLOADS_MIN || a.length + b.length < REQUESTS_MIN)
    return `There is too little traffic: ${sayNumber(pair.a.uploads.length, "accepted upload")} before and ${sayNumber(pair.b.uploads.length, "accepted upload")} after, where ${UPLOADS_MIN} each and ${REQUESTS_MIN} requests together are needed.`;
  if (Math.min(units.before, units.after) < PAIRS_MIN)
    return `The logs are too short: ${units.before} stretches of time before and ${units.after} after have enough uploads, where ${PAIRS_MIN} each are needed.`;
  return null;
}

/** Minutes, or as long as leaves enough of them. */
function unitLength(input: JudgeLogsInput, isCacheDeclared: boolean): LogFindings["units"] {
  const countsAt = (lengthMs: number): LogFindings["units"] => ({
    before: unitsOfLog(input.a, lengthMs, UNIT_UPLOADS_MIN, isCacheDeclared).length,
    after: unitsOfLog(input.b, lengthMs, UNIT_UPLOADS_MIN, isCacheDeclared).length,
    lengthMs,
  });
  const tried = UNIT_LENGTHS_MS.map(countsAt);
  const enough = tried.find(({ before, after }) => Math.min(before, after) >= PAIRS_MIN);
  return enough ?? tried[0] ?? countsAt(UNIT_LENGTHS_MS[0]);
}

/** The shift between the logs' units, of ln(median time). */
function shiftFinding(
  input: JudgeLogsInput,
  isCacheDeclared: boolean,
  lengthMs: number,
  mix: Mix | null,
): TimeFinding {
  const metric = { ...metricOf("p50", "server", Number.POSITIVE_INFINITY, mix), countMin: UNIT_UPLOADS_MIN };
  const timesOf = (log: readonly LoggedRequest[]): readonly number[] =>
    unitsOfLog(log, lengthMs, UNIT_UPLOADS_MIN, isCacheDeclared).flatMap((unit) => {
      const { ms } = timeOfSegment(unit, metric);
      return ms === null ? [] : [Math.log(ms)];
    });
  const [before, after] = [timesOf(input.a), timesOf(input.b)];
  const estimate = shiftOfSamples(before, after, CONFIDENCE);
  const narrow = shiftOfSamples(before, after, NARROW);
  const beforeMs = expOf(medianOf(before));
  const { share, ms } = input.measure.smallestEffect;
  const matters = beforeMs === null ? share : Math.max(share, ms / beforeMs);
  const shown = estimate === null ? null : converted(estimate, Math.expm1);
  const effect = isBounded(estimate) && shown !== null ? { ...shown, pValue: rankSumP(before, after) } : null;
  const shownNarrow = narrow === null ? null : converted(narrow, Math.expm1);
  return {
    paired: {
      points: [],
      changes: [],
      effect,
      estimate: shown?.estimate ?? null,
      narrow: shownNarrow,
      deviation: deviationOf(before),
      beforeMs,
      afterMs: expOf(medianOf(after)),
    },
    call: callOfIntervals(effect, shownNarrow, matters),
    matters,
  };
}

function isBounded(estimate: Estimate | null): boolean {
  return estimate !== null && Number.isFinite(estimate.low) && Number.isFinite(estimate.high);
}

function expOf(value: number | null): number | null {
  return value === null ? null : Math.exp(value);
}

function logVerdict({ tooLittle: reason, errors, time, mix }: LogFindings): Verdict {
  if (reason !== null) return "INCONCLUSIVE";
  if (errors.isWorse) return "SUSPECTED WORSE ERRORS";
  if (mix.withoutOverlap !== null) return "INCONCLUSIVE";
  if (time.call === "slower") return "SUSPECTED SLOWER";
  if (time.call === "faster") return "SUSPECTED FASTER";
  if (time.call === "tiny") return "DETECTABLE BUT TINY";
  return time.call === "same" ? "SAME" : "INCONCLUSIVE";
}

function logSentence(verdict: Verdict, findings: LogFindings): string {
  const { effect } = findings.time.paired;
  const time =
    effect === null
      ? "service time cannot be compared"
      : `service time of accepted uploads (p50) ${sayEffect(effect)}`;
  const why = findings.tooLittle === null ? "" : ` ${findings.tooLittle}`;
  return `${verdict}: ${time}, ${sayOtherRows(findings)}.${why} Logs show what happened, not why: to know, compare with one thing changed.`;
}

function logReasons(
  { tooLittle: reason, mix, time, raw, database }: LogFindings,
  variable: string,
  others: readonly string[],
): readonly string[] {
  const reasons: string[] = [];
  if (reason !== null) reasons.push(reason);
  if (mix.withoutOverlap !== null)
    reasons.push(
      `Answers with cache ${mix.withoutOverlap.name} are in one of the logs only: like cannot be compared with like.`,
    );
  if (mix.isMoved)
    reasons.push(
      `The cache mix moved (${mix.classes.map(({ name, before, after }) => `${name} ${sayShare(before)} → ${sayShare(after)}`).join(", ")}). Weighed to the mix before: ${sayPercent(time.paired.estimate ?? 0)}; as it was: ${sayPercent(raw.paired.estimate ?? 0)}.`,
    );
  if (database !== null && database.change !== "same" && !explainsDatabaseChange(variable))
    reasons.push(
      `An upload asks the database ${database.change === "more" ? "more" : "less"} often than before.`,
    );
  return [...reasons, ...others];
}

function logHealth({ units }: LogFindings): readonly string[] {
  return [
    `${units.before} stretches of ${units.lengthMs / 1000} s before and ${units.after} after with at least ${UNIT_UPLOADS_MIN} accepted uploads; each counts once.`,
  ];
}
