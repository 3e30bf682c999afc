/**
 * Runs the checks of a plan against a route, and tells what came of them.
 *
 * The control upload goes first: where it fails there is nothing to say, and nothing more is sent. Then group by group (a class of checks each), with a
 * control upload after each, which is the benign twin of most of its cases. At most one probe is under way, unless a check is about many.
 *
 * Always holds: it never throws for what a target does; it ends at its caps, when it is aborted, and when the target suffers, and then says so; what it
 * stored is removed again; no secret is in what it tells. It does not close the subject.
 */
import { CATALOGUE } from "../catalogue.ts";
import type { Check } from "../check.ts";
import type { CheckRun } from "./check-run.ts";
import { exitCodeOf, sentenceOf } from "./conclude-run.ts";
import { planRun } from "./plan-run.ts";
import type { CheckSubject, RunOptions } from "./run-request.ts";
import { RunUnderWay } from "./run-under-way.ts";

/** @returns all that the run has to say; reports are made from it alone */
export async function runChecks(
  subject: CheckSubject,
  options: RunOptions,
  catalogue: readonly Check[] = CATALOGUE,
): Promise<CheckRun> {
  const startedAt = new Date();
  const begunAt = performance.now();
  const plan = planRun(subject, options, catalogue);
  options.onEvent({ kind: "planned", plan: plan.summary });
  const run = new RunUnderWay(subject, options, plan);
  try {
    await run.run();
  } finally {
    await run.end();
  }
  const { results, leftovers, cost, controls, stopped, leftOut } = run;
  const told: CheckRun = {
    schema: "sluicegate-check-run/1",
    id: options.runId,
    startedAt: startedAt.toISOString(),
    elapsedMs: Math.round(performance.now() - begunAt),
    program: options.program ?? "sluicegate",
    profile: options.profile,
    seed: subject.target.seed,
    target: subject.about,
    cost,
    plan: { ...plan.summary, leftOut },
    results,
    controls,
    leftovers,
    stopped,
    exitCode: exitCodeOf(results, stopped),
    sentence: sentenceOf(subject.about, results, stopped, leftOut),
    baseline: null,
  };
  return run.redaction.data(told, "bodyStart", "sha256", "fingerprint", "seed", "id", "evidence");
}
