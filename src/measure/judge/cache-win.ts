/**
 * FASTER BY CACHE: a win that is there as long as the cache is warm, and what it has to show for it.
 */
import type { Findings, TimeFinding } from "./findings.ts";
import type { JudgeInput } from "./judge-input.ts";
import { sayShare } from "./say-change.ts";

/** Whether warm answers became faster (or cold ones, where a cache is what was changed). */
export function isFasterByCache({ isCacheDeclared, isCacheVariable, warm, raw }: Findings): boolean {
  if (isCacheVariable && raw.call === "faster") return true;
  return (isCacheDeclared || isCacheVariable) && warm?.call === "faster";
}

/** What speaks against calling it a win; empty where nothing does. */
export function cacheWinBlocks(findings: Findings, proof: JudgeInput["cacheProof"]): readonly string[] {
  const { plainMiddle, middle, time, secondLap, isCacheVariable } = findings;
  const made = middle ?? time;
  const blocks: string[] = [];
  if (isPossiblyWorse(plainMiddle))
    blocks.push(`With a cold cache it may have become slower, by up to ${sayHigh(plainMiddle)}.`);
  if (isCacheVariable && made.paired.changes.length > 0 && isPossiblyWorse(made))
    blocks.push(`What does not come from the cache may have become slower, by up to ${sayHigh(made)}.`);
  if (secondLap !== null && (secondLap.paired.estimate ?? 0) >= secondLap.matters)
    blocks.push("After the named cache was cleared, it was slower than before the change.");
  if (proof?.isHitBodyEqual === false)
    blocks.push("Answers from the cache do not say what answers that were made say.");
  if (proof?.isHitAcrossUsers === true)
    blocks.push("Somebody was given an answer from the cache that was made for somebody else.");
  return blocks;
}

/** What nobody looked at, though a cache has to show it. */
export function cacheWinNotes(findings: Findings, proof: JudgeInput["cacheProof"]): readonly string[] {
  const notes: string[] = [];
  if ((proof?.isHitBodyEqual ?? null) === null)
    notes.push("Nobody looked whether answers from the cache say the same as answers that were made.");
  if ((proof?.isHitAcrossUsers ?? null) === null)
    notes.push("Nobody looked whether an answer from the cache can reach somebody else.");
  if (findings.secondLap === null)
    notes.push("There was no second lap after the named cache alone was cleared.");
  return notes;
}

/** Not shown to be no worse: the upper end of the one-sided interval of 95 %, for the usual upload (p50), is not below what matters. */
function isPossiblyWorse({ paired, matters }: TimeFinding): boolean {
  return paired.narrow === null || paired.narrow.high >= matters;
}

function sayHigh({ paired }: TimeFinding): string {
  return Number.isFinite(paired.narrow?.high) ? sayShare(paired.narrow?.high ?? 0) : "nobody knows how much";
}
