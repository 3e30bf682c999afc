/**
 * What each profile of a run sends and spends, before anybody says otherwise.
 *
 * - `ci`: what is safe on any target, and what identities and hooks are there for; a minute;
 * - `staging`: everything, bounded load too; five minutes;
 * - `prod-safe`: reading, and one control upload.
 */
import type { Check, Target } from "../check.ts";
import type { Topic } from "../promise.ts";
import type { Profile } from "./check-run.ts";
import type { RunOptions } from "./run-request.ts";

const MIB = 1024 * 1024;

type Caps = Pick<RunOptions, "requestsMax" | "elapsedMsMax">;

const CAPS: Readonly<Record<Profile, Caps>> = {
  ci: { requestsMax: 300, elapsedMsMax: 60_000 },
  staging: { requestsMax: 3000, elapsedMsMax: 300_000 },
  "prod-safe": { requestsMax: 10, elapsedMsMax: 60_000 },
};

/** What a profile may spend on a route. Bytes: three times the size limit, at least 96 MiB (a service that takes all that it should refuse gets it all), at most 256 MiB. */
export function capsOf(profile: Profile, sizeBytesMax: number): Caps & Pick<RunOptions, "sentBytesMax"> {
  return { ...CAPS[profile], sentBytesMax: Math.min(Math.max(3 * sizeBytesMax, 96 * MIB), 256 * MIB) };
}

/** What is looked for inside of files, for which a route needs an inspection of its own. */
const CONTENT: ReadonlySet<Topic> = new Set(["malware", "archives", "images", "documents"]);

/** Why a case is no part of `ci`, or `null`: where nothing is promised of what is inside of files, it could only warn, and there are many. */
export function whyCanOnlyWarn(
  profile: Profile,
  topic: Topic | undefined,
  { unpromised }: Pick<Target, "unpromised">,
): string | null {
  const isContent = topic !== undefined && CONTENT.has(topic) && unpromised?.has(topic) === true;
  return profile === "ci" && isContent
    ? `nothing is promised of ${topic === "malware" ? "malware" : `what is inside of ${topic}`}, so it could only warn: --profile staging tries it`
    : null;
}

/** Why a check is no part of a profile, or `null`. */
export function whyNotIn(profile: Profile, { flags }: Pick<Check, "flags">): string | null {
  if (profile === "staging" || !flags.includes("b")) return null;
  return `it puts load on the target, which the profile ${profile} does not: use --profile staging`;
}
