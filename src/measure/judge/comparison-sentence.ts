/**
 * The verdict in one sentence with its numbers: what a tired person reads at night, and what stands on top of a pull request.
 */
import type { Verdict } from "../comparison.ts";
import { sayOtherRows } from "./comparison-rows.ts";
import type { Decision } from "./decide-verdict.ts";
import type { Findings, TimeFinding } from "./findings.ts";
import type { JudgeInput } from "./judge-input.ts";
import { sayConfidence, sayInterval, sayMs, sayPercent, sayShare } from "./say-change.ts";

/** The sentence; several where one would be too long. */
export function comparisonSentence(
  decision: Decision,
  findings: Findings,
  input: Pick<JudgeInput, "variable">,
  pairsMore: number | null,
): string {
  const first = `${movedPrefix(findings)}${headOf(decision, findings, pairsMore)}`;
  return isCalled(decision.verdict) ? `${first} ${variableSentence(findings, input.variable)}` : first;
}

function isCalled(verdict: Verdict): boolean {
  return !verdict.startsWith("REFUSED") && verdict !== "INVALID";
}

function headOf({ verdict, why }: Decision, findings: Findings, pairsMore: number | null): string {
  const time = timeWords(findings, findings.isCacheVariable ? findings.raw : findings.time);
  const others = sayOtherRows(findings);
  switch (verdict) {
    case "INVALID":
      return `INVALID: this run says nothing. ${why[0] ?? ""}`;
    case "REFUSED CONFOUNDED":
      return `REFUSED: more than one thing differs, so nobody could say which of them made the difference. ${why.join(" ")}`;
    case "REFUSED CACHE UNOBSERVED":
      return `REFUSED: it cannot be seen what came from a cache. ${why[0] ?? ""}`;
    case "REFUSED NO OVERLAP":
      return `REFUSED: the two have too little in common. ${why[0] ?? ""}`;
    case "REFUSED CACHE MIX MOVED":
      return `REFUSED: cache mix moved. ${why.join(" ")} Like for like: ${time}.`;
    case "WORSE ERRORS":
      return `WORSE ERRORS: ${others}; ${time}.`;
    case "FASTER BY CACHE":
      return `FASTER BY CACHE: ${warmWords(findings)}${time} with cold caches, ${others}.`;
    case "FEWER ERRORS":
      return `FEWER ERRORS: ${others}; ${time}.`;
    case "INCONCLUSIVE":
      return `INCONCLUSIVE: ${time}, ${others}. ${why[0] ?? moreWords(pairsMore)}`.trim();
    default:
      return `${verdict}: ${time}${tailWords(verdict, findings)}, ${others}.`;
  }
}

/** Requests that went from one outcome to another are told first: they are other requests than before. */
function movedPrefix({ outcomes }: Findings): string {
  const moved = outcomes.filter(({ outcome }) => outcome === "refused");
  const words = moved.map(({ outcome, before, after }) => {
    const share = (count: typeof before): string => sayShare(count.count / Math.max(1, count.of));
    return `${outcome} ${share(before)} → ${share(after)} of the uploads`;
  });
  return words.length === 0 ? "" : `Outcomes moved (${words.join(", ")}). `;
}

function timeWords({ metric, mix, raw, time }: Findings, told: TimeFinding): string {
  const whose = metric.of === "server" ? "service time" : "time seen by the client";
  const { effect, estimate, changes } = told.paired;
  if (estimate === null) return `no ${whose} to compare`;
  const interval =
    effect === null
      ? ` (${changes.length} pairs, too few for an interval)`
      : ` (${sayConfidence(effect.confidence)} interval ${sayInterval(effect)})`;
  const rawWords =
    mix.isMoved && told === time && raw.paired.estimate !== null
      ? `; without weighing the cache mix it would look like ${sayPercent(raw.paired.estimate)}`
      : "";
  return `${whose} of accepted uploads (${metric.quantile}) ${sayPercent(estimate)}${interval}${rawWords}`;
}

function warmWords({ warm }: Findings): string {
  if (warm === null || warm.paired.estimate === null) return "";
  const { beforeMs, afterMs, estimate } = warm.paired;
  return `with warm caches ${sayMs(beforeMs ?? 0)} → ${sayMs(afterMs ?? 0)} (${sayPercent(estimate)}); `;
}

/** What became faster in the middle and slower at its slowest is not told as a plain win. */
function tailWords(verdict: Verdict, { tail }: Findings): string {
  if (verdict !== "FASTER" || tail.call !== "slower") return "";
  return `, but the slowest uploads (p99) became ${sayShare(tail.paired.estimate ?? 0)} slower`;
}

function moreWords(pairsMore: number | null): string {
  return pairsMore === null ? "" : `About ${pairsMore} more pairs would settle it.`;
}

function variableSentence({ fingerprint }: Findings, variable: string): string {
  if (fingerprint.isVariableDifferent === null)
    return `Whether ${variable} differs could not be seen; nothing else that can be seen does.`;
  return fingerprint.isVariableDifferent
    ? `One thing differed: ${variable}.`
    : `Nothing differed, not even ${variable}.`;
}
