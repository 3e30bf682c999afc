/**
 * Reviews a flow's change records: which are open for too long, and which were closed without knowing.
 */
import type { ChangeFile, ChangeReading } from "../documents/change-file.ts";
import { daysBetween } from "../written-day.ts";
import { type ReviewNote, reviewNote } from "./review-note.ts";
import { reviewRule } from "./review-rules.ts";
import { OPEN_DAYS } from "./rules/changes.ts";
import { REVIEW_DAYS } from "./rules/upkeep.ts";

/** @param today as `2026-11-22`, in UTC. Records that cannot be read are told by lint itself. */
export function reviewChanges(flow: string, readings: readonly ChangeReading[], today: string): ReviewNote[] {
  return readings.flatMap((reading) =>
    reading.ok ? [...openTooLong(reading.change, today), ...unmeasured(flow, reading.change, today)] : [],
  );
}

function openTooLong({ file, matter, placeOf }: ChangeFile, today: string): ReviewNote[] {
  const days = daysBetween(matter.opened, today);
  if (matter.status !== "open" || days <= OPEN_DAYS) return [];
  const finding = {
    path: ["opened"],
    what: `the change is open for ${days} days`,
    remedy: `run sluicegate change close ${matter.change} --comparison ID, or --without-comparison --reason TEXT`,
  };
  return [reviewNote(reviewRule("REVIEW-CHANGE-OPEN-LONG"), finding, file, placeOf("opened"))];
}

function unmeasured(flow: string, { file, matter, placeOf }: ChangeFile, today: string): ReviewNote[] {
  const { status, closed, comparison, change } = matter;
  if (status !== "closed" || closed === undefined || comparison !== undefined) return [];
  if (daysBetween(closed, today) > REVIEW_DAYS) return [];
  const finding = {
    path: ["outcome"],
    what: "the change was closed without a comparison",
    remedy: `run sluicegate compare ${flow}, and sluicegate change close ${change} --comparison ID --overwrite`,
  };
  return [reviewNote(reviewRule("REVIEW-CHANGE-UNMEASURED"), finding, file, placeOf("outcome"))];
}
