/**
 * Reviews a flow that loads: what is legal and unwise, each with a rule's id, a reason and what to write.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import { inFileOrder } from "../../setup/schema-problems.ts";
import { groupIn } from "../../setup/written-group.ts";
import type { KeyPath, Place, YamlSource } from "../../setup/yaml-source.ts";
import type { Flow } from "../flow.ts";
import type { ReviewContext, ReviewFinding, ReviewId, ReviewRule } from "./review-rule.ts";
import { REVIEW_RULES } from "./review-rules.ts";

/** A warning of the review. `message` has all of it in words. */
export interface ReviewNote extends SetupProblem {
  readonly severity: "warning";
  readonly rule: ReviewId;
  readonly why: string;
  /** What to write or do. */
  readonly remedy: string;
}

const ANSWER_FILE = "expected/created.answer.json";

/** Looks at a flow by every rule. @returns notes in the order of the file */
export async function reviewFlow(
  flow: Flow,
  source: YamlSource,
  around: Omit<ReviewContext, "isAnswerRecorded">,
): Promise<ReviewNote[]> {
  const isAnswerRecorded = await isFile(join(flow.folder, ANSWER_FILE));
  const reviewed = { ...around, isAnswerRecorded, flow, written: groupIn(source.value) };
  const notes = REVIEW_RULES.flatMap((rule) =>
    rule.find(reviewed).map((finding) => noteAt(source, rule, finding)),
  );
  return inFileOrder(notes) as ReviewNote[];
}

function noteAt(source: YamlSource, rule: ReviewRule, finding: ReviewFinding): ReviewNote {
  return reviewNote(rule, finding, source.file, placeOf(source, finding.path));
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

/** A group is found at its key, all else at its value. */
function placeOf(source: YamlSource, path: KeyPath): Place {
  return path.length === 1 ? source.placeOfKey(path) : source.placeOfValue(path);
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
