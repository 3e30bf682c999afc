/**
 * The front matter of a change record: what programs read of it. Everything else in a record is for people.
 */
import type { z } from "zod";
import { describeWritten, misread, type Reading, read } from "../../setup/reading.ts";
import { group, text, value, wholeNumber, word } from "../../setup/schema.ts";
import { readDay } from "../written-day.ts";

/** How a change ended, in a word. Nothing but a comparison makes a `success`. */
export type ChangeOutcome =
  | "success"
  | "same"
  | "worse"
  | "inconclusive"
  | "refused"
  | "invalid"
  | "suspected"
  | "unmeasured";

/** Each word with what it means. */
export const CHANGE_OUTCOMES: Readonly<Record<ChangeOutcome, string>> = {
  success: "The comparison shows that it is better.",
  same: "The comparison shows no difference that matters.",
  worse: "The comparison shows that it is slower or fails more.",
  inconclusive: "The comparison could not tell.",
  refused: "The comparison was refused: more differed than the one variable, or caches hid the effect.",
  invalid: "The comparison's figures are worth nothing.",
  suspected: "Logs let one suspect it; nobody has changed one variable at a time.",
  unmeasured: "Nothing was compared.",
};

const day = (description: string): z.ZodType<string> =>
  value(readDay, "write a day such as 2026-11-22.", { description, type: "string", format: "date" });

const sha256 = value(readSha256, "write 64 hex digits.", {
  description: "SHA-256 of the comparison's requests.ndjson.",
  type: "string",
  pattern: "^[0-9a-f]{64}$",
});

/** Front matter, key by key. From `closed` on it is written by `change close` alone. */
export const changeSchema = group(
  {
    change: wholeNumber(1, 9999, "The number in the file's name."),
    title: text("write what is changed, in a line.", "What is changed, in a line.", 120),
    status: word("Whether the change still goes on.", {
      built: { open: "It goes on.", closed: "It has ended, with an outcome." },
    }),
    flow: text("write the flow's name.", "The flow whose folder this is."),
    route: text("write the method and the path.", "Method and path."),
    owner: text("write who answers for the change.", "Who answers for the change."),
    opened: day("The day on which it was begun."),
    variable: text(
      "write the one key that may differ, such as git.commit.",
      "The one key that may differ.",
    ).optional(),
    expected: text("write -30 %, same, or a sentence.", "The result that is hoped for.").optional(),
    reviewer: text("write a name.", "Who has looked at it.").optional(),
    closed: day("The day on which it ended.").optional(),
    outcome: word("How it ended.", { built: CHANGE_OUTCOMES }).optional(),
    verdict: text("write nothing: change close does.", "The comparison's word.").optional(),
    comparison: text("write nothing: change close does.", "The comparison's id.").optional(),
    evidence: sha256.optional(),
  },
  "begin the file with --- and the lines that sluicegate change new writes.",
  "What programs read of a change record.",
);

export type ChangeMatter = z.output<typeof changeSchema>;

function readSha256(written: unknown): Reading<string> {
  if (typeof written === "string" && /^[0-9a-f]{64}$/.test(written)) return read(written);
  return misread(`${describeWritten(written)} is no SHA-256: 64 hex digits, small letters.`);
}
