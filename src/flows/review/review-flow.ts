/**
 * Reviews a flow that loads: what is legal and unwise, each with a rule's id, a reason and what to write.
 */
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inFileOrder } from "../../setup/schema-problems.ts";
import { groupIn } from "../../setup/written-group.ts";
import type { KeyPath, Place, YamlSource } from "../../setup/yaml-source.ts";
import { listChanges } from "../documents/list-changes.ts";
import type { Flow } from "../flow.ts";
import { readUpkeep } from "./read-upkeep.ts";
import { reviewChanges } from "./review-changes.ts";
import { type ReviewNote, reviewNote } from "./review-note.ts";
import type { ReviewContext, ReviewFinding, ReviewRule } from "./review-rule.ts";
import { REVIEW_RULES } from "./review-rules.ts";

const ANSWER_FILE = "expected/created.answer.json";

/** Looks at a flow, and at its change records, by every rule. @returns notes in the order of the files */
export async function reviewFlow(
  flow: Flow,
  source: YamlSource,
  around: Omit<ReviewContext, "isAnswerRecorded" | "upkeep">,
): Promise<ReviewNote[]> {
  const isAnswerRecorded = await isFile(join(flow.folder, ANSWER_FILE));
  const upkeep = await readUpkeep(flow.folder);
  const reviewed = { ...around, isAnswerRecorded, upkeep, flow, written: groupIn(source.value) };
  const notes = REVIEW_RULES.flatMap((rule) =>
    rule.find(reviewed).map((finding) => noteAt(source, rule, finding)),
  );
  const changes = await listChanges(dirname(source.file), flow.name);
  return inFileOrder([...notes, ...reviewChanges(flow.name, changes, around.today)]) as ReviewNote[];
}

function noteAt(source: YamlSource, rule: ReviewRule, finding: ReviewFinding): ReviewNote {
  return reviewNote(rule, finding, source.file, placeOf(source, finding.path));
}

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
