/**
 * Did a deployment, an edit of a flow or another change do anything? Judged by the minutes before and after it, without sending a request.
 *
 * In: minutes with traffic from history. Out: what is suspected, in figures and in a sentence. Always holds: never more than a suspicion; where there is too little traffic, that is what
 * is said, with how much is missing.
 */
import type { HistoryPoint } from "../history.ts";
import { judgeCache, judgeCalls, judgeErrors } from "./judge-figures.ts";
import { judgeTime } from "./judge-time.ts";
import type { JudgeInput, MarkJudgement } from "./mark-judgement.ts";
import { sayJudgement } from "./say-judgement.ts";

/** A minute is one unit, however many requests it had. */
export const MINUTES_MIN = 50;
export const REQUESTS_MIN = 200;

export function judgeMark(input: JudgeInput): MarkJudgement {
  const missing = missingOf(input);
  const figures = {
    time: judgeTime(input),
    errors: judgeErrors(input),
    databaseCalls: judgeCalls(input),
    cache: judgeCache(input),
  };
  const verdict = missing === null ? verdictOf(figures) : "not-enough";
  const judged = { mark: input.mark, verdict, missing, ...figures };
  return { ...judged, sentence: sayJudgement(judged) };
}

type Figures = Pick<MarkJudgement, "time" | "errors" | "databaseCalls" | "cache">;

function verdictOf({ time, errors, databaseCalls, cache }: Figures): MarkJudgement["verdict"] {
  if (time.direction === "up" || errors.direction === "up") return "worse";
  if (time.direction === "down" || errors.direction === "down") return "better";
  const isMoved = [databaseCalls, cache].some(({ direction }) => direction === "up" || direction === "down");
  return isMoved ? "different" : "same";
}

function missingOf({ before, after }: JudgeInput): string | null {
  const late = tooLittle(after);
  if (late !== null) return `Too early to tell: since then ${late}.`;
  const early = tooLittle(before);
  return early === null ? null : `There is too little before it to compare with: ${early}.`;
}

function tooLittle(points: readonly HistoryPoint[]): string | null {
  const requests = points.reduce((sum, one) => sum + one.requests, 0);
  if (points.length < MINUTES_MIN) return `${points.length} of ${MINUTES_MIN} minutes with traffic`;
  if (requests < REQUESTS_MIN) return `${requests} of ${REQUESTS_MIN} requests`;
  return null;
}
