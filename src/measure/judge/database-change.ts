/**
 * Did the service ask its database more, or less often? Within the most usual cache class, as a hit asks for nothing.
 */
import type { Random } from "../../statistics/random.ts";
import { signedRankP } from "../../statistics/signed-rank.ts";
import { meanOf } from "../../statistics/spread.ts";
import type { Measurement } from "../measurement.ts";
import { databaseCallsOf } from "./database-calls.ts";
import type { SampledPair, SampledUpload } from "./sampled-pair.ts";

const MODE_SHARE_MIN = 0.95;
const CHANGE_P = 0.05;
/** Variables whose change may well change the calls: code, what it is made of, and the database itself. */
const EXPLAINED = /^(git|service|code|lockfile|db|database)\b/;

type Calls = NonNullable<Measurement["databaseCalls"]>;

export interface DatabaseFinding {
  readonly before: Calls;
  readonly after: Calls;
  /** Nearly all requests of both arms make the usual number of calls, so that these numbers can be told as they are. */
  readonly isExact: boolean;
  readonly change: "more" | "fewer" | "same";
}

/** `null` where one of the arms does not tell. */
export function judgeDatabase(
  pairs: readonly SampledPair[],
  usualClass: string | null,
  random: Random,
): DatabaseFinding | null {
  const callsOf = (uploads: readonly SampledUpload[]): readonly number[] =>
    uploads
      .filter(({ cacheClass }) => usualClass === null || cacheClass === usualClass)
      .map(({ databaseCalls }) => databaseCalls)
      .filter((calls) => calls !== null);
  const before = databaseCallsOf(pairs.flatMap(({ a }) => callsOf(a.uploads)));
  const after = databaseCallsOf(pairs.flatMap(({ b }) => callsOf(b.uploads)));
  if (before === null || after === null) return null;
  const isExact = Math.min(before.modeShare, after.modeShare) >= MODE_SHARE_MIN;
  const differences = pairs.map(({ a, b }) => meanOf(callsOf(b.uploads)) - meanOf(callsOf(a.uploads)));
  const isChanged = isExact ? before.mode !== after.mode : signedRankP(differences, random) < CHANGE_P;
  const isMore = isExact ? after.mode > before.mode : after.mean > before.mean;
  return { before, after, isExact, change: isChanged ? (isMore ? "more" : "fewer") : "same" };
}

/** Whether the variable is of a kind that explains another number of calls. */
export function explainsDatabaseChange(variable: string): boolean {
  return EXPLAINED.test(variable);
}
