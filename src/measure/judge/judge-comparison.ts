/**
 * From the requests of two arms to a verdict: what `compare` says, and why.
 *
 * In: pairs of segments, fingerprints, what was asked (`JudgeInput`). Out: a `Comparison`, from which all reports are made.
 * Always holds: no clock, no file and no entropy is read, so that judging again what was kept gives the same; verdicts are looked for in a fixed order; what is
 * not known is not guessed.
 */
import { quantileOf } from "../../statistics/quantile.ts";
import type { ComparedArm, Comparison } from "../comparison.ts";
import { comparisonReasons, runHealth } from "./comparison-notes.ts";
import { comparisonRows } from "./comparison-rows.ts";
import { comparisonSentence } from "./comparison-sentence.ts";
import { decideVerdict } from "./decide-verdict.ts";
import { type Findings, findingsOf } from "./findings.ts";
import type { JudgedArm, JudgeInput } from "./judge-input.ts";
import { pairsMoreFor } from "./pairs-more.ts";
import { sourceName } from "./primary-metric.ts";
import type { SampledSegment } from "./sampled-pair.ts";
import { outcomesOf } from "./summarise-measurement.ts";

/** A quantile of a table needs so many times its own distance from the end. */
const TABLE: readonly (readonly [quantile: number, countMin: number])[] = [
  [0.5, 30],
  [0.75, 50],
  [0.9, 100],
  [0.95, 100],
  [0.99, 500],
];

/** Judges one comparison. */
export function judgeComparison(input: JudgeInput): Comparison {
  const findings = findingsOf(input);
  const decision = decideVerdict(findings, input);
  const pairsMore = decision.verdict === "INCONCLUSIVE" ? pairsMoreFor(findings, input) : null;
  return {
    ...carried(input),
    ...armsOf(findings, input),
    ...figuresOf(findings),
    verdict: decision.verdict,
    sentence: comparisonSentence(decision, findings, input, pairsMore),
    reasons: comparisonReasons(decision, findings, input),
    rows: comparisonRows({ ...findings, ofWhat: "accepted uploads with cold caches" }),
    health: runHealth(findings, input),
    pairsMore,
  };
}

type Carried = Pick<
  Comparison,
  | "version"
  | "id"
  | "flow"
  | "startedAtMs"
  | "elapsedMs"
  | "program"
  | "variable"
  | "smallestEffect"
  | "expected"
  | "cleared"
  | "commands"
  | "rollback"
  | "evidenceSha256"
>;

function carried(input: JudgeInput): Carried {
  return {
    version: 1,
    id: input.id,
    flow: input.flow,
    startedAtMs: input.startedAtMs,
    elapsedMs: input.elapsedMs,
    program: input.program,
    variable: input.variable,
    smallestEffect: input.measure.smallestEffect,
    expected: input.expected,
    cleared: input.cleared,
    commands: input.commands,
    rollback: input.rollback,
    evidenceSha256: input.evidenceSha256,
  };
}

function armsOf(
  { cold, fingerprint }: Findings,
  { arms }: JudgeInput,
): Pick<Comparison, "arms" | "differing" | "unseen"> {
  return {
    arms: {
      a: armOf(
        arms.a,
        cold.map(({ a }) => a),
      ),
      b: armOf(
        arms.b,
        cold.map(({ b }) => b),
      ),
    },
    differing: fingerprint.differing,
    unseen: fingerprint.unseen,
  };
}

function armOf({ label, target, fingerprint }: JudgedArm, segments: readonly SampledSegment[]): ComparedArm {
  const requests = segments.flatMap(({ measured }) => measured);
  return { label, target, fingerprint, requests: requests.length, outcomes: outcomesOf(requests) };
}

type Figures = Pick<
  Comparison,
  "metric" | "noise" | "likeForLike" | "raw" | "byCacheClass" | "warm" | "pairs" | "quantiles"
>;

function figuresOf(findings: Findings): Figures {
  const { metric, noise, time, raw, byCacheClass, warm, isCacheVariable } = findings;
  return {
    metric: { quantile: metric.quantile, of: sourceName(metric.of), phase: "cold" },
    noise: noise.noise,
    likeForLike: time.paired.effect,
    raw: raw.paired.effect,
    byCacheClass,
    warm: warm?.paired.effect ?? null,
    pairs: (isCacheVariable ? raw : time).paired.points,
    quantiles: quantilesOf(findings),
  };
}

/** Of all cold uploads of each arm together, as they were. */
function quantilesOf({ cold, metric }: Findings): Comparison["quantiles"] {
  const timesOf = (segments: readonly SampledSegment[]): readonly number[] =>
    segments.flatMap(({ uploads }) => uploads.map((each) => each[metric.of]).filter((time) => time !== null));
  const before = timesOf(cold.map(({ a }) => a));
  const after = timesOf(cold.map(({ b }) => b));
  const count = Math.min(before.length, after.length);
  return TABLE.filter(([, countMin]) => count >= countMin).map(([quantile]) => ({
    quantile,
    a: quantileOf(before, quantile) ?? 0,
    b: quantileOf(after, quantile) ?? 0,
  }));
}
