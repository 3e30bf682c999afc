/**
 * A plan of checks as `--dry-run` shows it.
 */
import type { PlannedRun } from "../checks/reports/plan-report.ts";
import type { PlannedCase, RunPlan } from "../checks/run/plan-run.ts";
import type { CheckSubject, RunOptions } from "../checks/run/run-request.ts";

/**
 * @param options those that the plan was made with
 * @param removal how what a run stores is removed again, in a sentence; `null` where it cannot be
 */
export function plannedRun(
  subject: CheckSubject,
  options: RunOptions,
  plan: RunPlan,
  removal: string | null,
): PlannedRun {
  const byCheck = [...Map.groupBy(plan.cases, ({ check }) => check)];
  return {
    target: subject.about,
    profile: options.profile,
    plan: plan.summary,
    elapsedMsMax: options.elapsedMsMax,
    checks: byCheck.flatMap(([check, cases]) => {
      const run = cases.filter(({ state }) => state === "run");
      const { id, title } = check;
      return run.length === 0 ? [] : [{ id, title, cases: run.length, ...costOf(run) }];
    }),
    leftOut: byCheck.flatMap(([{ id }, cases]) => leftOut(id, cases)),
    stores: [
      `copies of ${subject.target.file.control.name}, and of what the route takes although it should not; their names say flowcheck.`,
    ],
    removal,
  };
}

function costOf(cases: readonly PlannedCase[]): { readonly requests: number; readonly sentBytes: number } {
  return {
    requests: cases.reduce((sum, { cost }) => sum + cost.requests, 0),
    sentBytes: cases.reduce((sum, { cost }) => sum + cost.sentBytes, 0),
  };
}

/** What does not apply to the route is no part of the plan, so it is not left out of it. */
function leftOut(id: string, cases: readonly PlannedCase[]): { id: string; cases: number; why: string }[] {
  const left = cases.filter(({ state }) => state === "left-out" || state === "manual");
  return [...Map.groupBy(left, ({ why }) => why)].map(([why, each]) => ({ id, cases: each.length, why }));
}
