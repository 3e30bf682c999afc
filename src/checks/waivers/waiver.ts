/**
 * One waiver as it stands in waivers.yaml: a check that fails, and somebody who has answered for that until a day.
 */
import type { z } from "zod";
import { readCheckId } from "../../flows/verify/verify-values.ts";
import { daysBetween, readDay } from "../../flows/written-day.ts";
import { didYouMean } from "../../setup/nearest-word.ts";
import { group, text, value } from "../../setup/schema.ts";

/** Nobody answers for longer at a time: who still wants it then looks again. */
export const WAIVED_DAYS_MAX = 180;

/** Ids of the catalogue; `any` where nobody has asked it. */
export type KnownChecks = ReadonlySet<string> | "any";

const day = (description: string, example: string) =>
  value(readDay, `write a day such as ${example}.`, { description, type: "string", format: "date" });

/** The keys of one entry. */
export const waiverSchema = group(
  {
    check: value(readCheckId, "write a check's id such as UPL-TR-02.", {
      description: "The check.",
      type: "string",
    }),
    until: day("The last day on which it counts.", "2027-02-28"),
    reason: text("write why it may fail until then, in a sentence.", "Why it may fail until then."),
    owner: text("write who answers for it.", "Who answers for it."),
    added: day("The day on which it was written.", "2026-11-22"),
  },
  "write { check: …, until: …, reason: …, owner: …, added: … }.",
  "A check that fails, and who has answered for that until when.",
);

export type Waiver = z.output<typeof waiverSchema>;

/** What is wrong with the days of a waiver, at which key; `null` where nothing is. @param today as `2026-11-22` */
export function daysSentence(
  { until, added }: Pick<Waiver, "until" | "added">,
  today: string,
): { readonly key: "until" | "added"; readonly sentence: string } | null {
  if (daysBetween(today, added) > 0)
    return { key: "added", sentence: `it was not added yet: today is ${today}.` };
  const days = daysBetween(added, until);
  if (days < 0) return { key: "until", sentence: `it ends before it was added, on ${added}.` };
  if (days <= WAIVED_DAYS_MAX) return null;
  const latest = new Date(Date.parse(`${added}T00:00:00Z`) + WAIVED_DAYS_MAX * 86_400_000);
  const sentence = `a waiver lasts at most ${WAIVED_DAYS_MAX} days; the latest day is ${latest.toISOString().slice(0, 10)}.`;
  return { key: "until", sentence };
}

/** What is wrong with the id of a check; `null` where there is such a check. */
export function checkSentence(check: string, checks: KnownChecks): string | null {
  if (checks === "any" || checks.has(check)) return null;
  return `there is no check ${check}.${didYouMean(check, [...checks])} sluicegate checks lists them.`;
}
