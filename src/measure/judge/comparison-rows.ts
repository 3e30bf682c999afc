/**
 * The four rows of a comparison: time, errors, cache, database calls; each with what it was, what it is, and what that means.
 */
import type { ComparisonRow } from "../comparison.ts";
import type { CacheMix } from "./cache-mix.ts";
import type { DatabaseFinding } from "./database-change.ts";
import type { ErrorFinding } from "./errors-of-arms.ts";
import type { Findings, TimeFinding } from "./findings.ts";
import type { TimeCall } from "./paired-effect.ts";
import { sayConfidence, sayInterval, sayMs, sayPercent, sayShare } from "./say-change.ts";

const TIME_JUDGEMENTS: Readonly<Record<TimeCall, ComparisonRow["judgement"]>> = {
  slower: "worse",
  faster: "better",
  tiny: "same",
  same: "same",
  unclear: "unclear",
};

const TIME_SENTENCES: Readonly<Record<TimeCall, string>> = {
  slower: "Slower by more than what matters.",
  faster: "Faster by more than what matters.",
  tiny: "There is a change, but it is smaller than what matters.",
  same: "No change that matters.",
  unclear: "It cannot be told whether it changed by as much as matters.",
};

const UNSEEN: Pick<ComparisonRow, "before" | "after" | "change" | "interval" | "judgement"> = {
  before: "not seen",
  after: "not seen",
  change: "–",
  interval: null,
  judgement: "unseen",
};

/** What the rows are made of. */
export type RowFindings = Pick<
  Findings,
  "time" | "raw" | "metric" | "warm" | "isCacheVariable" | "errors" | "mix" | "database"
> & {
  /** Of what the time is: `accepted uploads with cold caches`. */
  readonly ofWhat: string;
};

export function comparisonRows(findings: RowFindings): readonly ComparisonRow[] {
  return [
    timeRow(findings),
    errorRow(findings.errors),
    cacheRow(findings.mix, findings.isCacheVariable),
    databaseRow(findings.database),
  ];
}

function timeRow({ time, raw, metric, warm, isCacheVariable, ofWhat }: RowFindings): ComparisonRow {
  const told = isCacheVariable || time.paired.estimate === null ? raw : time;
  const { beforeMs, effect, estimate } = told.paired;
  const what = `${metric.quantile} of ${metric.of === "server" ? "the service's own time" : "the time that the client waited"}`;
  if (beforeMs === null || estimate === null)
    return { ...UNSEEN, name: "time", sentence: "No pair of segments gave a time for both." };
  return {
    name: "time",
    before: sayMs(beforeMs),
    after: sayMs(beforeMs * (1 + estimate)),
    change: sayPercent(estimate),
    interval: effect === null ? null : `${sayInterval(effect)} (${sayConfidence(effect.confidence)})`,
    judgement: TIME_JUDGEMENTS[told.call],
    sentence: [
      TIME_SENTENCES[told.call],
      `It is the ${what} for ${ofWhat}; ${sayShare(told.matters)} is what matters.`,
      ...(warm === null ? [] : [warmSentence(warm)]),
    ].join(" "),
  };
}

function warmSentence({ paired, call }: TimeFinding): string {
  if (paired.estimate === null) return "With warm caches no time was seen.";
  const interval = paired.effect === null ? "" : ` (${sayInterval(paired.effect)})`;
  return `With warm caches: p50 ${sayPercent(paired.estimate)}${interval}, ${call === "unclear" ? "not clear" : call}.`;
}

function errorRow({ before, after, difference, isWorse, isBetter, isBursty }: ErrorFinding): ComparisonRow {
  const points = (share: number): string => sayPercent(share).replace(" %", "");
  return {
    name: "errors",
    before: `${before.count} of ${before.of.toLocaleString("en-US")}`,
    after: `${after.count} of ${after.of.toLocaleString("en-US")}`,
    change: `${points(difference.estimate)} points`,
    interval: `${points(difference.low)} … ${points(difference.high)} points (95 %)`,
    judgement: isWorse
      ? "worse"
      : isBetter
        ? "better"
        : errorsMayPass(before.count + after.count, difference.high),
    sentence: `${isWorse ? "More answers are wrong or failed." : isBetter ? "Fewer answers are wrong or failed." : "No change of wrong and failed answers was seen."}${isBursty ? " They came in bursts, so whole pairs were compared." : ""}`,
  };
}

/** Without a change that was seen: the same, unless a rise by more than a point is still possible. */
function errorsMayPass(count: number, high: number): "same" | "unclear" {
  return count === 0 || high <= 0.01 ? "same" : "unclear";
}

function cacheRow(mix: CacheMix, isCacheVariable: boolean): ComparisonRow {
  if (mix.classes.length === 0) return { ...UNSEEN, name: "cache", sentence: "No upload was accepted." };
  if (!mix.isTold)
    return { ...UNSEEN, name: "cache", sentence: "No answer says whether it came from a cache." };
  const shares = (pick: "before" | "after"): string =>
    mix.classes.map((each) => `${each.name} ${sayShare(each[pick])}`).join(", ");
  const largest = mix.classes.reduce((one, other) =>
    Math.abs(other.after - other.before) > Math.abs(one.after - one.before) ? other : one,
  );
  const moved = largest.after - largest.before;
  return {
    name: "cache",
    before: shares("before"),
    after: shares("after"),
    change:
      sayPercent(moved) === "0 %"
        ? "0 points"
        : `${largest.name} ${sayPercent(moved).replace(" %", "")} points`,
    interval: null,
    judgement: mix.isMoved ? "unclear" : "same",
    sentence: cacheSentence(mix, isCacheVariable),
  };
}

function cacheSentence({ isMoved, split }: CacheMix, isCacheVariable: boolean): string {
  if (!isMoved) return "Answers came from the same places as before.";
  const parts =
    split === null
      ? ""
      : ` Of the mean time's change, ${signedMs(split.mix)} come from the other mix, ${signedMs(split.within)} from the answers themselves.`;
  return `${isCacheVariable ? "The mix moved, which is what was changed." : "The mix moved, so that a plain comparison would say something of the cache."}${parts}`;
}

function signedMs(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${sayMs(Math.abs(ms))}`;
}

function databaseRow(database: DatabaseFinding | null): ComparisonRow {
  if (database === null)
    return {
      ...UNSEEN,
      name: "database",
      sentence: "The answers do not tell how often the database was asked (Server-Timing with db).",
    };
  const { before, after, isExact, change } = database;
  const say = (calls: DatabaseFinding["before"]): string =>
    isExact ? `${calls.mode}` : `${calls.mean.toFixed(1)} on average`;
  const difference = isExact ? after.mode - before.mode : after.mean - before.mean;
  return {
    name: "database",
    before: say(before),
    after: say(after),
    change:
      difference === 0
        ? "0"
        : `${difference > 0 ? "+" : "−"}${Math.abs(difference).toFixed(isExact ? 0 : 1)}`,
    interval: null,
    judgement: change === "same" ? "same" : change === "more" ? "worse" : "better",
    sentence: `Calls of the database for one upload; at most ${before.max} before, ${after.max} after.`,
  };
}

/** `errors 0/2,000 → 3/2,000, cache mix unchanged, database calls 41 → 3` */
export function sayOtherRows({
  errors,
  mix,
  database,
}: Pick<Findings, "errors" | "mix" | "database">): string {
  const count = ({ count: some, of }: ErrorFinding["before"]): string =>
    `${some.toLocaleString("en-US")}/${of.toLocaleString("en-US")}`;
  const parts = [
    `errors ${count(errors.before)} → ${count(errors.after)}`,
    mix.isTold ? (mix.isMoved ? "cache mix moved" : "cache mix unchanged") : "cache not seen",
  ];
  if (database !== null) {
    const say = (calls: DatabaseFinding["before"]): string =>
      database.isExact ? `${calls.mode}` : calls.mean.toFixed(1);
    parts.push(`database calls ${say(database.before)} → ${say(database.after)}`);
  }
  return parts.join(", ");
}
