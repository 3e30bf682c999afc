/**
 * Reviews waivers: which have run out, and which will soon.
 */
import { join } from "node:path";
import { type ReviewNote, reviewNote } from "../../flows/review/review-note.ts";
import { reviewRule } from "../../flows/review/review-rules.ts";
import { daysBetween } from "../../flows/written-day.ts";
import { type PlacedWaiver, WAIVERS_FILE } from "./read-waivers.ts";

const SOON_DAYS = 14;

/** @param folder the flow's, as its problems name it. @param today as `2026-11-22`, in UTC */
export function reviewWaivers(folder: string, waivers: readonly PlacedWaiver[], today: string): ReviewNote[] {
  return waivers.flatMap((waiver) => {
    const note = noteOf(folder, waiver, daysBetween(today, waiver.until));
    return note === null ? [] : [note];
  });
}

function noteOf(folder: string, waiver: PlacedWaiver, daysLeft: number): ReviewNote | null {
  if (daysLeft > SOON_DAYS) return null;
  const { check, owner, until } = waiver;
  const isOver = daysLeft < 0;
  const finding = {
    path: [check],
    what: isOver
      ? `the waiver of ${owner} has run out on ${until}`
      : `the waiver of ${owner} runs out on ${until}`,
    remedy: `remove the entry if the check passes, else ask ${owner} and run sluicegate waive ${check} again`,
  };
  const rule = reviewRule(isOver ? "REVIEW-WAIVER-OVER" : "REVIEW-WAIVER-ENDS");
  return reviewNote(rule, finding, join(folder, WAIVERS_FILE), waiver);
}
