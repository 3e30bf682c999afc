/**
 * What somebody has written into a part that the program writes is not thrown away unasked.
 */
import type { ChangeFile } from "../../flows/documents/change-file.ts";
import type { ChangeMatter } from "../../flows/documents/change-schema.ts";
import { GateError } from "../../problems/gate-error.ts";
import { type Block, type BlockName, findBlocks, isAsWritten } from "./record-blocks.ts";

/** Front matter that is written together with the verdict, so that neither can be changed alone. */
export function boundOf(matter: ChangeMatter, name: BlockName): string[] {
  const { closed, outcome, verdict = "", comparison = "", evidence = "" } = matter;
  return name !== "verdict" || closed === undefined || outcome === undefined
    ? []
    : [closed, outcome, verdict, comparison, evidence];
}

/** Blocks that are not what the program wrote. */
export function editedBlocks(change: ChangeFile): Block[] {
  return findBlocks(change.text, change.file, change.front.bodyStart).blocks.filter(
    (block) => !isAsWritten(block, boundOf(change.matter, block.name)),
  );
}

/** @throws CHANGE_INVALID where one of these blocks was changed by hand, unless that may be overwritten */
export function refuseEdited(change: ChangeFile, names: readonly BlockName[], overwrite: boolean): void {
  const edited = editedBlocks(change).filter(({ name }) => names.includes(name));
  const [first] = edited;
  if (overwrite || first === undefined) return;
  throw new GateError("CHANGE_INVALID", {
    message: `${change.file}:${first.line}:1: error: somebody has changed the part "${first.name}" by hand. Move what is to stay out of it, and say --overwrite to have it written anew.`,
  });
}
