/**
 * What else a reader has to know: reasons beside the verdict, and the health of the run.
 */
import { cacheWinNotes } from "./cache-win.ts";
import { explainsDatabaseChange } from "./database-change.ts";
import type { Decision } from "./decide-verdict.ts";
import type { Findings } from "./findings.ts";
import type { JudgeInput } from "./judge-input.ts";
import { DRIFT_MAX } from "./run-drift.ts";
import { sayInterval, sayNumber, sayPercent, sayShare } from "./say-change.ts";

/** Reasons, the most telling first. */
export function comparisonReasons(
  decision: Decision,
  findings: Findings,
  input: Pick<JudgeInput, "variable" | "expected" | "cacheProof">,
): readonly string[] {
  const reasons = [
    ...outcomeReasons(findings),
    ...decision.why,
    ...clientReasons(findings),
    ...databaseReasons(findings, input.variable),
    ...tailReasons(findings),
    ...warmReasons(findings, decision),
    ...(decision.verdict === "FASTER BY CACHE" ? cacheWinNotes(findings, input.cacheProof) : []),
    ...spreadReasons(findings),
    ...expectedReasons(findings, input.expected),
    ...findings.undeclared,
  ];
  return [...new Set(reasons)];
}

function outcomeReasons({ outcomes }: Findings): readonly string[] {
  return outcomes.map(({ outcome, before, after }) => {
    const share = ({ count, of }: typeof before): string => sayShare(count / Math.max(1, of));
    return `Requests moved from one outcome to another: ${outcome} ${share(before)} → ${share(after)}.`;
  });
}

/** Only one of the two views moved. */
function clientReasons({ time, client }: Findings): readonly string[] {
  if (client === null || client.paired.estimate === null || time.paired.estimate === null) return [];
  const isMoved = (call: string): boolean => call === "faster" || call === "slower";
  if (isMoved(client.call) && client.call !== time.call)
    return [
      `Seen by the client, the time changed by ${sayPercent(client.paired.estimate)}; as the service tells it, by ${sayPercent(time.paired.estimate)}. Only what the client sees moved.`,
    ];
  if (isMoved(time.call) && client.call !== time.call)
    return [
      `As the service tells it, the time changed by ${sayPercent(time.paired.estimate)}; seen by the client, by ${sayPercent(client.paired.estimate)}.`,
    ];
  return [];
}

function databaseReasons({ database }: Findings, variable: string): readonly string[] {
  if (database === null || database.change === "same" || explainsDatabaseChange(variable)) return [];
  return [
    `A second difference: an upload asks the database ${database.change === "more" ? "more" : "less"} often than before, which ${variable} does not explain.`,
  ];
}

function tailReasons({ tail, middle }: Findings): readonly string[] {
  const reasons: string[] = [];
  if (tail.call === "slower")
    reasons.push(`The slowest uploads (p99) became slower: ${sayPercent(tail.paired.estimate ?? 0)}.`);
  if (middle !== null && middle.call === "slower")
    reasons.push(`The usual upload (p50) became slower: ${sayPercent(middle.paired.estimate ?? 0)}.`);
  return reasons;
}

function warmReasons(
  { warm, isCacheDeclared, isCacheVariable }: Findings,
  { verdict }: Decision,
): readonly string[] {
  if (warm === null || !(isCacheDeclared || isCacheVariable) || warm.paired.effect === null) return [];
  const hits = warm.mix.classes.find(({ name }) => name === "hit");
  const moved =
    hits === undefined || !warm.mix.isMoved
      ? ""
      : `; hits ${sayShare(hits.before)} → ${sayShare(hits.after)} of the answers`;
  const text = `With warm caches (p50): ${sayPercent(warm.paired.effect.estimate)}, ${sayInterval(warm.paired.effect)}${moved}.`;
  return warm.call === "faster" || warm.call === "slower" || verdict === "FASTER BY CACHE" ? [text] : [];
}

function spreadReasons({ time, spread }: Findings): readonly string[] {
  if (spread === null || time.call === "slower" || time.call === "faster") return [];
  return [`The time is ${spread === "less" ? "less" : "more"} steady than before, around the same middle.`];
}

function expectedReasons({ time }: Findings, expected: number | null): readonly string[] {
  const { effect } = time.paired;
  if (expected === null || effect === null) return [];
  const isWithin = effect.low <= expected && expected <= effect.high;
  const isBeyond = expected < 0 ? effect.high < expected : effect.low > expected;
  if (isWithin) return [`${sayPercent(expected)} was expected, which these pairs allow.`];
  return isBeyond
    ? [`${sayPercent(expected)} was expected; it is more than that.`]
    : [`${sayPercent(expected)} was expected; these pairs rule it out (${sayInterval(effect)}).`];
}

/** How the run went, whatever came of it. */
export function runHealth(
  findings: Findings,
  input: Pick<JudgeInput, "look" | "pairsPlanned">,
): readonly string[] {
  const { cold, faults, noise, drift, errors } = findings;
  const health = [
    `${sayNumber(cold.length, "pair")} of ${input.pairsPlanned} planned, look ${input.look} of 2.`,
    ...(noise.noise === null
      ? []
      : [
          `The same arm against itself (${sayNumber(noise.noise.pairs, "pair")}): ${sayPercent(noise.noise.median)} in the middle, spread ${sayShare(noise.noise.sd)}. With ${input.pairsPlanned} pairs, changes from ${sayShare(noise.noise.smallestVisible)} on can be seen.`,
        ]),
    ...(noise.note === null ? [] : [noise.note]),
    ...(faults.left.size === 0 ? [] : [leftOut(findings)]),
    ...(errors.isBursty ? ["Errors came in bursts."] : []),
  ];
  const isDrift = drift !== null && Math.abs(drift) >= findings.raw.matters && Math.abs(drift) < DRIFT_MAX;
  return isDrift
    ? [
        ...health,
        `The unchanged side moved by ${sayPercent(drift)} by itself while the run lasted; comparing in pairs absorbs that.`,
      ]
    : health;
}

function leftOut({ faults, cold }: Findings): string {
  const [first] = faults.left.values();
  return `${faults.left.size} of ${sayNumber(cold.length, "pair")} left out. ${first ?? ""}`;
}
