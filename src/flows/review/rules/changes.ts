/**
 * Rules about change records. They are found by `review-changes.ts`, which reads the records.
 */
import type { ReviewRule } from "../review-rule.ts";

/** A change that goes on for longer is forgotten, or is more than one. */
export const OPEN_DAYS = 30;

export const CHANGE_RULES: readonly ReviewRule[] = [
  {
    id: "REVIEW-CHANGE-OPEN-LONG",
    title: "A change was never brought to an end",
    when: `A record in \`changes/\` has \`status: open\`, and was opened more than ${OPEN_DAYS} days ago.`,
    why: "Meanwhile other things have changed, and nobody can say any more what this one did.",
    remedy: "run sluicegate change close 7 --comparison ID, or close it --without-comparison",
    find: () => [],
  },
  {
    id: "REVIEW-CHANGE-UNMEASURED",
    title: "A change was ended without a comparison",
    when: "A record in `changes/` was closed within 180 days, and names no comparison.",
    why: "Nobody knows whether it made anything better, and the next one will build upon it.",
    remedy: "run sluicegate compare, and sluicegate change close 7 --comparison ID --overwrite",
    find: () => [],
  },
];
