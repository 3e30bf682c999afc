/**
 * Closes a record with what a comparison has shown, in the comparison's own word: nobody can call a refusal a success.
 */
import { type ChangeFile, parseChange } from "../../flows/documents/change-file.ts";
import type { ChangeMatter, ChangeOutcome } from "../../flows/documents/change-schema.ts";
import { setFrontMatter } from "../../flows/documents/front-matter.ts";
import { GateError } from "../../problems/gate-error.ts";
import { formatSetupProblem } from "../../problems/setup-problem.ts";
import { copyPath, sha256Of, writeCopy, writeOrTell } from "./evidence-copies.ts";
import { COPY_LINK, FIGURES_OF_COMPARISON } from "./figures-block.ts";
import type { FlowPlace } from "./find-change.ts";
import { confounders } from "./fingerprint-differences.ts";
import { type Kept, readKeptComparison } from "./kept-evidence.ts";
import type { KeptComparison } from "./kept-figures-schema.ts";
import { outcomeOf } from "./outcome-of.ts";
import { type BlockName, type BlockText, findBlocks, replaceBlocks } from "./record-blocks.ts";
import { boundOf, refuseEdited } from "./refuse-edited.ts";
import {
  assumptionsBlock,
  commandsBlock,
  type KeptClosing,
  unmeasuredBlock,
  verdictBlock,
} from "./verdict-blocks.ts";

export interface CloseChangeOptions {
  /** The folder `.sluicegate`. */
  readonly state: string;
  /** As `2026-11-22`. */
  readonly today: string;
  readonly comparison: string;
  /** Further assumptions, a sentence each. */
  readonly assumptions: readonly string[];
  /** Also where it is closed already, or somebody has changed a block by hand. */
  readonly overwrite: boolean;
}

export interface ClosedChange {
  readonly outcome: ChangeOutcome;
  readonly comparison: KeptComparison;
  readonly warnings: readonly string[];
}

const WRITTEN: readonly BlockName[] = ["figures", "verdict", "commands", "assumptions"];

/** Closes by a comparison. @throws CHANGE_INVALID, CHANGE_EVIDENCE */
export async function closeChange(
  flow: FlowPlace,
  change: ChangeFile,
  { state, today, comparison: id, assumptions, overwrite }: CloseChangeOptions,
): Promise<ClosedChange> {
  // Closing once more by the same comparison writes the same again.
  refuseClosed(change, overwrite, id);
  const kept = await readKeptComparison(state, id, flow.name);
  const { value: comparison } = kept;
  const outcome = outcomeOf(comparison.verdict);
  const closing: KeptClosing = {
    comparison,
    copy: copyPath(change, "comparison"),
    copySha256: sha256Of(kept.bytes),
  };
  const ending: Ending = {
    closed: today,
    outcome,
    verdict: comparison.verdict,
    comparison: comparison.id,
    evidence: comparison.evidenceSha256,
  };
  const { variable, expected } = change.matter;
  const text = endedText(change, ending, [
    ...(isMeasured(change) ? [] : [{ name: "figures", lines: FIGURES_OF_COMPARISON } as const]),
    { name: "verdict", lines: verdictBlock(closing, outcome, today, { variable, expected }) },
    { name: "commands", lines: commandsBlock(comparison) },
    { name: "assumptions", lines: assumptionsBlock(comparison, assumptions) },
  ]);
  await writeCopy(change, "comparison", kept.bytes);
  await writeOrTell(change.file, Buffer.from(text));
  return { outcome, comparison, warnings: warningsOf(kept, variable) };
}

/** Whether figures were put in; they say where their copy lies. */
function isMeasured(change: ChangeFile): boolean {
  const { blocks } = findBlocks(change.text, change.file, change.front.bodyStart);
  return blocks.some(({ name, content }) => name === "figures" && content.search(COPY_LINK) >= 0);
}

/** Closes what nobody has compared: an end, and no success. @throws CHANGE_INVALID */
export async function closeUnmeasured(
  change: ChangeFile,
  {
    today,
    reason,
    overwrite,
  }: { readonly today: string; readonly reason: string; readonly overwrite: boolean },
): Promise<void> {
  refuseClosed(change, overwrite, null);
  const ending: Ending = {
    closed: today,
    outcome: "unmeasured",
    verdict: null,
    comparison: null,
    evidence: null,
  };
  const text = endedText(change, ending, [{ name: "verdict", lines: unmeasuredBlock(today, reason) }]);
  await writeOrTell(change.file, Buffer.from(text));
}

function refuseClosed(change: ChangeFile, overwrite: boolean, id: string | null): void {
  refuseEdited(change, WRITTEN, overwrite);
  const { status, closed, outcome, comparison = null } = change.matter;
  const isAnother = id === null || comparison !== id;
  if (status === "closed" && isAnother && !overwrite)
    throw invalid(
      `${change.name} is closed since ${closed} as ${outcome}. Say --overwrite to close it by another comparison.`,
    );
}

type Ending = Readonly<Record<"closed" | "outcome", string>> &
  Readonly<Record<"verdict" | "comparison" | "evidence", string | null>> & {
    readonly outcome: ChangeOutcome;
  };

function endedText(change: ChangeFile, ending: Ending, blocks: readonly BlockText[]): string {
  const { closed, outcome, verdict, comparison, evidence } = ending;
  const matter: ChangeMatter = {
    ...change.matter,
    closed,
    outcome,
    verdict: verdict ?? undefined,
    comparison: comparison ?? undefined,
    evidence: evidence ?? undefined,
  };
  const bound = blocks.map((block) => ({ ...block, bound: boundOf(matter, block.name) }));
  const body = replaceBlocks(change.text, change.file, change.front.bodyStart, bound);
  const text = setFrontMatter(body, change.front, { status: "closed", ...ending });
  const again = parseChange(text, change.file, change.matter.flow);
  if (!again.ok) throw invalid(again.problems.map(formatSetupProblem).join("\n"));
  return text;
}

function warningsOf({ value, hasRequests }: Kept<KeptComparison>, announced: string | undefined): string[] {
  const { variable, unseen } = value;
  const others = confounders(value, variable);
  return [
    ...(others.length === 0
      ? []
      : [`More than one thing differs between before and after: ${others.join(", ")} beside ${variable}.`]),
    ...(announced === undefined || announced === variable
      ? []
      : [`The record announced ${announced} as the one variable; the comparison changed ${variable}.`]),
    ...(unseen.length === 0 ? [] : [`Could not be seen, and may differ: ${unseen.join(", ")}.`]),
    ...(hasRequests
      ? []
      : ["The requests of this comparison are not on this machine, so its digest was not looked at."]),
  ];
}

function invalid(message: string): GateError {
  return new GateError("CHANGE_INVALID", { message });
}
