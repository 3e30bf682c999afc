/**
 * From the catalogue and a route to what will be sent: which checks, which cases, in which order, at what cost. Sends nothing.
 *
 * Always holds: the sum of what is planned is within the caps. Under a cap on requests every check speaks before any speaks twice: the first cases
 * of all checks are chosen, the cheap ones first, then the second ones; what takes a tenth of the cap alone comes last. What is left out says why,
 * and is tried at the end of the run where less was spent than planned.
 */
import { CATALOGUE } from "../catalogue.ts";
import type { Check, CheckCase, Target } from "../check.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Topic } from "../promise.ts";
import { missingHelp, needsHelp } from "../run-scenario.ts";
import type { Scenario } from "../scenario.ts";
import { costOfCase, costOfScenario, sizeOf, withSmallLimit } from "./case-cost.ts";
import type { Cost, PlanSummary } from "./check-run.ts";
import { matchesAny } from "./match-ids.ts";
import { requestsWithin } from "./pace.ts";
import { whyCanOnlyWarn, whyNotIn } from "./profiles.ts";
import { isReadOnly } from "./read-only.ts";
import type { CheckSubject, RunOptions } from "./run-request.ts";

/** - `run`: it is sent; `left-out`: caps or profile do not let it; `not-applicable`, `manual`, `error`: nothing is sent for it. */
export type PlannedState = "run" | "left-out" | "not-applicable" | "manual" | "error";

export type PlannedCase = {
  readonly check: Check;
  /** 1-based place among the cases and then the scenarios of its check. */
  readonly number: number;
  readonly name: string;
  readonly state: PlannedState;
  /** Why nothing is sent; empty where it is. */
  readonly why: string;
  /** It was the caps that left it out: it may be run at the end. */
  readonly isSpare: boolean;
  readonly cost: Cost;
} & (
  | { readonly kind: "case"; readonly each: CheckCase }
  | { readonly kind: "scenario"; readonly each: Scenario }
);

export interface RunPlan {
  /** All cases of the checks that were asked for, in the catalogue's order. */
  readonly cases: readonly PlannedCase[];
  readonly summary: PlanSummary;
}

const COSTLY_SHARE = 0.1;
const NO_COST: Cost = { requests: 0, sentBytes: 0 };

/** The class of a check: `MP` of `UPL-MP-07`. */
export function groupOf({ id }: Pick<Check, "id">): string {
  return id.split("-")[1] ?? "";
}

export function planRun(
  subject: CheckSubject,
  options: RunOptions,
  catalogue: readonly Check[] = CATALOGUE,
): RunPlan {
  const { only, skip } = options;
  const asked = catalogue.filter(
    (check) => (only.length === 0 || matchesAny(check.id, only)) && !matchesAny(check.id, skip),
  );
  const cases = asked.flatMap((check) => casesOf(check, subject, options));
  const controls = controlCost(cases, subject.target, options);
  const chosen = choose(cases, controls, subject, options);
  return { cases: chosen, summary: summarise(chosen, controls, options) };
}

function casesOf(check: Check, { target, hooks }: CheckSubject, options: RunOptions): PlannedCase[] {
  const byProfile = whyNotIn(options.profile, check);
  const leaves = (topic: Topic | undefined): string | null =>
    byProfile ??
    (options.only.length === 0 ? whyCanOnlyWarn(options.profile, topic ?? check.topic, target) : null);
  const controlBytes = sizeOf(controlProbe(target), options.sentBytesMax);
  const cases = check.cases.map((each, at): PlannedCase => {
    const about = { check, number: at + 1, name: each.name, kind: "case", each, isSpare: false } as const;
    return { ...about, ...judged(each, target, leaves(each.topic), () => caseState(each, target, options)) };
  });
  const scenarios = (check.scenarios ?? []).map((each, at): PlannedCase => {
    const number = check.cases.length + at + 1;
    const about = { check, number, name: each.name, kind: "scenario", each, isSpare: false } as const;
    return {
      ...about,
      ...judged(each, target, byProfile, () => {
        const missing = missingHelp(each, hooks);
        if (missing.length > 0) return { state: "manual", why: needsHelp(missing), cost: NO_COST };
        // Hooks make identities, permissions and faults: nothing for a target that is in use.
        if (options.profile === "prod-safe" && each.hooks.length + each.faults.length > 0)
          return { state: "left-out", why: "prod-safe uses no hooks and makes no faults", cost: NO_COST };
        return { state: "run", why: "", cost: costOfScenario(each, controlBytes) };
      }),
    };
  });
  return [...cases, ...scenarios];
}

type Judged = Pick<PlannedCase, "state" | "why" | "cost">;

/** A bug in a check is an error of that case alone. */
function judged(
  each: Pick<CheckCase, "appliesTo">,
  target: Target,
  left: string | null,
  state: () => Judged,
): Judged {
  try {
    const applies = each.appliesTo(target);
    if (applies !== true) return { state: "not-applicable", why: applies, cost: NO_COST };
    return left === null ? state() : { state: "left-out", why: left, cost: NO_COST };
  } catch (error) {
    const why = `the check itself failed: ${error instanceof Error ? error.message : String(error)}`;
    return { state: "error", why, cost: NO_COST };
  }
}

function caseState(each: CheckCase, target: Target, options: RunOptions): Judged {
  const stranger = withSomeCredential(target);
  if (options.profile === "prod-safe" && !isReadOnly(each.probe(withSmallLimit(stranger))))
    return { state: "left-out", why: "prod-safe reads only, beside one control upload", cost: NO_COST };
  return { state: "run", why: "", cost: costOfCase(each, stranger, options.sentBytesMax) };
}

/** Credentials are made when they are sent: here one of ordinary length stands for them. */
function withSomeCredential(target: Target): Target {
  const { identities, credential } = target;
  if (identities === undefined || (credential !== undefined && credential.length > 0)) return target;
  const value = identities.header.toLowerCase() === "cookie" ? `session=${"0".repeat(32)}` : "0".repeat(64);
  const scheme = identities.header.toLowerCase() === "authorization" ? "Bearer " : "";
  return { ...target, credential: [`${identities.header}: ${scheme}${value}`] };
}

/** One control upload before all, and one after each class of checks; `prod-safe` sends the first alone. */
function controlCost(cases: readonly PlannedCase[], target: Target, options: RunOptions): Cost {
  const groups = new Set(cases.filter(({ state }) => state === "run").map(({ check }) => groupOf(check)));
  const requests = 1 + (options.profile === "prod-safe" ? 0 : groups.size);
  return { requests, sentBytes: requests * sizeOf(controlProbe(target), options.sentBytesMax) };
}

/** Chooses under the caps, see the head of this file. */
function choose(
  cases: readonly PlannedCase[],
  controls: Cost,
  { target }: CheckSubject,
  options: RunOptions,
): PlannedCase[] {
  const rate = target.promises?.rate;
  const byRate = rate === undefined ? Number.POSITIVE_INFINITY : requestsWithin(rate, options.elapsedMsMax);
  const requestsMax = Math.min(options.requestsMax, byRate);
  const why =
    byRate < options.requestsMax
      ? `the route's own rate leaves ${byRate} requests in the time of the run`
      : `the cap of ${options.requestsMax} requests and ${Math.round(options.sentBytesMax / 2 ** 20)} MiB is used up`;
  let { requests, sentBytes } = controls;
  const chosen = new Set<PlannedCase>();
  for (const each of inTurn(cases, COSTLY_SHARE * requestsMax)) {
    if (requests + each.cost.requests > requestsMax) continue;
    if (sentBytes + each.cost.sentBytes > options.sentBytesMax) continue;
    requests += each.cost.requests;
    sentBytes += each.cost.sentBytes;
    chosen.add(each);
  }
  return cases.map((each) =>
    each.state !== "run" || chosen.has(each) ? each : { ...each, state: "left-out", why, isSpare: true },
  );
}

/** What the caps left out, the first that would have been chosen first. */
export function spareCases({ cases }: RunPlan): readonly PlannedCase[] {
  return byRank(
    cases.filter(({ isSpare }) => isSpare),
    Number.POSITIVE_INFINITY,
    cases.length,
  );
}

/** Those that are to be run, in the order in which they are chosen. */
function inTurn(cases: readonly PlannedCase[], costly: number): readonly PlannedCase[] {
  return byRank(
    cases.filter(({ state }) => state === "run"),
    costly,
    cases.length,
  );
}

function byRank(wanted: readonly PlannedCase[], costly: number, last: number): readonly PlannedCase[] {
  const ranks = new Map<PlannedCase, number>();
  const spoken = new Map<string, number>();
  for (const each of wanted) {
    const rank = spoken.get(each.check.id) ?? 0;
    spoken.set(each.check.id, rank + 1);
    ranks.set(each, rank + (each.cost.requests > costly ? last : 0));
  }
  const rankOf = (each: PlannedCase): number => ranks.get(each) ?? 0;
  return wanted.toSorted((a, b) => rankOf(a) - rankOf(b) || a.cost.requests - b.cost.requests);
}

function summarise(cases: readonly PlannedCase[], controls: Cost, options: RunOptions): PlanSummary {
  const run = cases.filter(({ state }) => state === "run");
  const sum = (of: (cost: Cost) => number): number =>
    run.reduce((all, { cost }) => all + of(cost), of(controls));
  return {
    checks: new Set(run.map(({ check }) => check.id)).size,
    cases: run.length,
    requests: sum(({ requests }) => requests),
    sentBytes: sum(({ sentBytes }) => sentBytes),
    requestsMax: options.requestsMax,
    sentBytesMax: options.sentBytesMax,
    leftOut: cases.filter(({ state }) => state === "left-out").length,
  };
}
