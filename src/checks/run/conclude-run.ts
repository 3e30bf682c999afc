/**
 * The sentence at the top of a run, and its exit code.
 *
 * | first that holds                                                                    | exit code |
 * |-------------------------------------------------------------------------------------|-----------|
 * | a check fails, or the target takes everything that is hostile                       | 1         |
 * | the run was not let begin, for safety                                               | 4         |
 * | the run ended early for a reason outside of it (anything but its own caps)          | 3         |
 * | no check passed                                                                     | 3         |
 * | a check could not be carried out at all: errors, cut short, put off                 | 3         |
 * | otherwise; warnings, waivers and single cases without an answer are told            | 0         |
 *
 * A check that was carried out, and whose answers nobody can look behind, is told as one that could not be checked; that is no reason for 3: it is so in
 * each run until somebody gives a way to look. What is left out by profile or caps, takes a person or does not apply counts nowhere but where the sentence says so.
 */
import type { CheckedTarget, CheckResult, CheckRun, CheckState, Stop } from "./check-run.ts";

const ANSWERS: ReadonlySet<CheckState> = new Set(["pass", "fail", "warn", "waived"]);
const OPEN: ReadonlySet<CheckState> = new Set(["inconclusive", "error"]);

export function exitCodeOf(results: readonly CheckResult[], stopped: Stop | null): CheckRun["exitCode"] {
  const has = (state: CheckState): boolean => results.some((result) => result.state === state);
  if (has("fail") || stopped?.kind === "takes-everything") return 1;
  if (stopped?.kind === "unsafe") return 4;
  if (stopped !== null && stopped.kind !== "cap") return 3;
  const hasPass = results.some(({ cases }) => cases.some(({ state }) => state === "pass"));
  return hasPass && !results.some(isNotCarriedOut) ? 0 : 3;
}

function isNotCarriedOut(result: CheckResult): boolean {
  return isUnanswered(result) && result.cases.every(({ observed }) => observed === null);
}

/** Tried, and nothing came of it. */
function isUnanswered({ cases }: CheckResult): boolean {
  return cases.some(({ state }) => OPEN.has(state)) && !cases.some(({ state }) => ANSWERS.has(state));
}

/** `avatars breaks 2 of 61 promises; 1 could not be checked.` */
export function sentenceOf(
  about: Pick<CheckedTarget, "flow" | "method" | "path">,
  results: readonly CheckResult[],
  stopped: Stop | null,
  leftOut: number,
): string {
  const name = about.flow ?? `${about.method} ${about.path}`;
  const count = (of: (result: CheckResult) => boolean): number => results.filter(of).length;
  const failed = count(({ state }) => state === "fail");
  const unanswered = count(isUnanswered);
  const open = count((result) => OPEN.has(result.state)) - unanswered;
  const all = count(({ cases }) => cases.some(({ state }) => ANSWERS.has(state) || OPEN.has(state)));
  if (all === 0 || (all === unanswered && failed === 0))
    return stopped?.sentence ?? `Nothing could be told of ${name}.`;
  const kept = all - failed - unanswered;
  const head =
    failed > 0
      ? `${name} breaks ${failed} of ${promises(all)}`
      : kept === all
        ? `${name} keeps ${all === 1 ? "the one promise that was checked" : `all ${promises(all)}`}`
        : `${name} keeps ${kept} of ${promises(all)}`;
  const notes = [
    ...(unanswered > 0 ? [`${unanswered} could not be checked`] : []),
    ...(open > 0 ? [`${open} could be checked in part`] : []),
    ...plural(
      count(({ state }) => state === "warn"),
      "warning",
    ),
    ...(count(({ state }) => state === "waived") > 0
      ? [`${count(({ state }) => state === "waived")} waived`]
      : []),
    ...(leftOut > 0 ? [`${leftOut} ${leftOut === 1 ? "case" : "cases"} left out`] : []),
  ];
  const ending = stopped === null ? "" : ` ${stopped.sentence}`;
  return `${[head, ...notes].join("; ")}.${ending}`;
}

function promises(count: number): string {
  return `${count} ${count === 1 ? "promise" : "promises"}`;
}

function plural(count: number, word: string): string[] {
  return count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`];
}
