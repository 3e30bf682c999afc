/**
 * The verdict: rules in a fixed order, the first that holds. What makes a run worthless comes before what makes it unfair, that before errors, those before
 * time, and a call before none.
 */
import type { Verdict } from "../comparison.ts";
import { isUnobserved } from "./cache-mix.ts";
import { cacheWinBlocks, isFasterByCache } from "./cache-win.ts";
import { fasterBlocks } from "./faster-blocks.ts";
import type { Findings } from "./findings.ts";
import type { JudgeInput } from "./judge-input.ts";
import { isSurelyFaster, PAIRS_MIN } from "./paired-effect.ts";
import { DRIFT_MAX } from "./run-drift.ts";
import { sayNumber, sayPercent, sayShare } from "./say-change.ts";

export interface Decision {
  readonly verdict: Verdict;
  /** What led to it, in sentences; the first is the most telling. */
  readonly why: readonly string[];
}

/** So many of the pairs may be missing. */
const LEFT_SHARE_MAX = 0.2;

type Rule = (findings: Findings, input: JudgeInput) => Decision | null;

const RULES: readonly Rule[] = [
  (findings) => decided("INVALID", invalidReasons(findings)),
  ({ fingerprint }) => decided("REFUSED CONFOUNDED", fingerprint.confounded),
  (findings) => decided("REFUSED CACHE UNOBSERVED", unobservedReasons(findings)),
  (findings) => decided("REFUSED NO OVERLAP", overlapReasons(findings)),
  (findings) => decided("REFUSED CACHE MIX MOVED", mixReasons(findings)),
  (findings) => decided("WORSE ERRORS", errorReasons(findings)),
  slower,
  capped,
  faster,
  fasterByCache,
  fewerErrors,
  ({ time }) => (time.call === "tiny" ? { verdict: "DETECTABLE BUT TINY", why: [] } : null),
  (findings) => (isSame(findings) ? { verdict: "SAME", why: [] } : null),
];

/** The first rule that holds; `INCONCLUSIVE` where none does. */
export function decideVerdict(findings: Findings, input: JudgeInput): Decision {
  for (const rule of RULES) {
    const decision = rule(findings, input);
    if (decision !== null) return decision;
  }
  return { verdict: "INCONCLUSIVE", why: inconclusiveReasons(findings, input) };
}

function decided(verdict: Verdict, why: readonly string[]): Decision | null {
  return why.length === 0 ? null : { verdict, why };
}

function invalidReasons({ faults, cold, errors, noise, drift }: Findings): readonly string[] {
  const isMany = (count: number): boolean => count > cold.length * LEFT_SHARE_MAX;
  const [first] = faults.left.values();
  const reasons: string[] = [];
  if (cold.length > 0 && cold.every(({ a }) => a.uploads.length === 0))
    reasons.push("Before the change, no upload was accepted: there is nothing to compare with.");
  if (isMany(faults.generator))
    reasons.push(`${faults.generator} of ${sayNumber(cold.length, "pair")} cannot count. ${first ?? ""}`);
  if (isMany(faults.incomplete) && !errors.isWorse)
    reasons.push(`${faults.incomplete} of ${sayNumber(cold.length, "pair")} ended early. ${first ?? ""}`);
  if (noise.invalid !== null) reasons.push(noise.invalid);
  if (drift !== null && Math.abs(drift) >= DRIFT_MAX)
    reasons.push(
      `The unchanged side moved by ${sayPercent(drift)} by itself from the first to the last third of the run.`,
    );
  return reasons;
}

function unobservedReasons({ isCacheDeclared, isCacheVariable, mix }: Findings): readonly string[] {
  if (!(isCacheDeclared || isCacheVariable) || !isUnobserved(mix, isCacheVariable)) return [];
  return [
    `A cache is declared, but ${sayShare(mix.unknownBefore)} of the answers before and ${sayShare(mix.unknownAfter)} after do not tell whether they came from it; at most 10 % may be silent.`,
  ];
}

function overlapReasons({ isCacheVariable, mix, time, raw, cold }: Findings): readonly string[] {
  if (isCacheVariable) return [];
  const apart = mix.withoutOverlap;
  if (apart !== null)
    return [
      `Answers with cache ${apart.name} are there ${sayNumber(apart.countBefore, "time")} before and ${sayNumber(apart.countAfter, "time")} after: like cannot be compared with like.`,
    ];
  const dropped = raw.paired.changes.length - time.paired.changes.length;
  if (dropped <= cold.length * LEFT_SHARE_MAX) return [];
  const why = time.paired.points.find((point) => point.dropped !== null)?.dropped;
  return [`${dropped} of ${sayNumber(cold.length, "pair")} have no like to compare with (${why ?? ""}).`];
}

function mixReasons({ isCacheVariable, mix, time }: Findings): readonly string[] {
  const isWin = time.call === "faster" && isSurelyFaster(time.paired);
  if (isCacheVariable || !mix.isMoved || isWin) return [];
  return mix.classes
    .filter(({ isMoved }) => isMoved)
    .map(
      ({ name, before, after }) => `Cache ${name}: ${sayShare(before)} → ${sayShare(after)} of the answers.`,
    );
}

function errorReasons({ errors }: Findings): readonly string[] {
  if (!errors.isWorse) return [];
  const { before, after, difference, isBursty } = errors;
  return [
    `Wrong and failed answers: ${before.count} of ${sayNumber(before.of, "request")} before, ${after.count} of ${sayNumber(after.of, "request")} after (${sayPercent(difference.low).replace(" %", "")} … ${sayPercent(difference.high).replace(" %", "")} points${isBursty ? "; they came in bursts, so whole pairs were compared" : ""}).`,
  ];
}

function slower({ time, raw, warm, isCacheVariable }: Findings): Decision | null {
  const isSlower = isCacheVariable
    ? raw.call === "slower" || time.call === "slower" || warm?.call === "slower"
    : time.call === "slower";
  return isSlower ? { verdict: "SLOWER", why: [] } : null;
}

/** From here on everything is a claim that an undeclared cache, or too few pairs, take away. */
function capped(findings: Findings, input: JudgeInput): Decision | null {
  if (findings.undeclared.length > 0) return { verdict: "INCONCLUSIVE", why: findings.undeclared };
  const isShort =
    Math.max(findings.time.paired.changes.length, findings.raw.paired.changes.length) < PAIRS_MIN;
  return isShort ? { verdict: "INCONCLUSIVE", why: inconclusiveReasons(findings, input) } : null;
}

function faster(findings: Findings, { measure }: JudgeInput): Decision | null {
  if (findings.isCacheVariable || findings.time.call !== "faster") return null;
  return fasterBlocks(findings, measure).length === 0 ? { verdict: "FASTER", why: [] } : null;
}

function fasterByCache(findings: Findings, { measure, cacheProof }: JudgeInput): Decision | null {
  const isBlocked = (): boolean =>
    fasterBlocks({ ...findings, client: null }, measure).length > 0 ||
    cacheWinBlocks(findings, cacheProof).length > 0;
  return isFasterByCache(findings) && !isBlocked() ? { verdict: "FASTER BY CACHE", why: [] } : null;
}

function fewerErrors({ errors, time }: Findings): Decision | null {
  return errors.isBetter && time.call !== "slower" ? { verdict: "FEWER ERRORS", why: [] } : null;
}

function isSame({ time, raw, isCacheVariable }: Findings): boolean {
  return time.call === "same" || (isCacheVariable && raw.call === "same");
}

function inconclusiveReasons(findings: Findings, { measure, cacheProof }: JudgeInput): readonly string[] {
  const pairs = findings.time.paired.changes.length;
  const reasons: string[] = [];
  if (findings.time.call === "faster") reasons.push(...fasterBlocks(findings, measure));
  if (isFasterByCache(findings)) reasons.push(...cacheWinBlocks(findings, cacheProof));
  if (pairs < PAIRS_MIN)
    reasons.push(
      `Only ${sayNumber(pairs, "pair")} of segments can be compared; at least ${PAIRS_MIN} are needed.`,
    );
  return reasons;
}
