/**
 * Compares a run with an earlier one: what is newly broken, what was mended, what is as broken as before.
 *
 * Always holds: findings are the same where their fingerprints are, wherever the route was served. A finding whose check came to no answer this time
 * counts as unchanged: it was not mended as far as anybody knows.
 */
import type { BaselineChange, CheckResult, CheckRun, CheckState } from "./check-run.ts";

const ANSWERED: ReadonlySet<CheckState> = new Set(["pass", "warn", "waived", "fail"]);

/** The run, with its baseline filled in. */
export function compareWithBaseline(run: CheckRun, earlier: CheckRun): CheckRun {
  return { ...run, baseline: changeSince(run, earlier) };
}

function changeSince(run: CheckRun, earlier: CheckRun): BaselineChange {
  const before = failing(earlier.results);
  const now = failing(run.results);
  const answered = new Set(
    run.results.filter(({ state }) => ANSWERED.has(state)).map(({ fingerprint }) => fingerprint),
  );
  return {
    id: earlier.id,
    startedAt: earlier.startedAt,
    added: [...now].filter((each) => !before.has(each)),
    fixed: [...before].filter((each) => !now.has(each) && answered.has(each)),
    unchanged: [...before].filter((each) => now.has(each) || !answered.has(each)),
  };
}

function failing(results: readonly CheckResult[]): ReadonlySet<string> {
  return new Set(results.filter(({ state }) => state === "fail").map(({ fingerprint }) => fingerprint));
}
