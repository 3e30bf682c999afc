/**
 * A warning of the review, at a place of a file.
 */
import type { SetupProblem } from "../../problems/setup-problem.ts";
import type { Place } from "../../setup/yaml-source.ts";
import type { ReviewFinding, ReviewId, ReviewRule } from "./review-rule.ts";

/** A warning of the review. `message` has all of it in words. */
export interface ReviewNote extends SetupProblem {
  readonly severity: "warning";
  readonly rule: ReviewId;
  readonly why: string;
  /** What to write or do. */
  readonly remedy: string;
}

/** A note at a place of any file of a flow's folder. */
export function reviewNote(
  rule: ReviewRule,
  { path, what, remedy }: ReviewFinding,
  file: string,
  { line, column }: Pick<Place, "line" | "column">,
): ReviewNote {
  const key = path.map(String).join(".");
  return {
    code: "FLOW_REVIEW",
    severity: "warning",
    file,
    line,
    column,
    path: key,
    message: `${key}: ${what}. ${rule.why} ${sentence(remedy)} [${rule.id}]`,
    rule: rule.id,
    why: rule.why,
    remedy,
  };
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
