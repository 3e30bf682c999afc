/**
 * Every rule of the review, in the order in which they are listed.
 */
import type { ReviewId, ReviewRule } from "./review-rule.ts";
import { CHANGE_RULES } from "./rules/changes.ts";
import { CHECKING_RULES } from "./rules/checking.ts";
import { FILE_RULES } from "./rules/files.ts";
import { PRACTICE_RULES } from "./rules/practice.ts";
import { UPKEEP_RULES } from "./rules/upkeep.ts";
import { WHO_RULES } from "./rules/who.ts";

export const REVIEW_RULES: readonly ReviewRule[] = [
  ...WHO_RULES,
  ...FILE_RULES,
  ...UPKEEP_RULES,
  ...CHECKING_RULES,
  ...PRACTICE_RULES,
  ...CHANGE_RULES,
];

/** The rule of an id. @throws where there is none: ids are written in the program */
export function reviewRule(id: ReviewId): ReviewRule {
  const rule = REVIEW_RULES.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`there is no rule ${id}`);
  return rule;
}
