/**
 * `sluicegate change close NNNN --comparison ID`: closes a record in the comparison's own word.
 */
import type { ChangeFile } from "../flows/documents/change-file.ts";
import type { ChangeOutcome } from "../flows/documents/change-schema.ts";
import { type ClosedChange, closeChange, closeUnmeasured } from "../measure/changes/close-change.ts";
import { findNewestComparison } from "../measure/changes/kept-evidence.ts";
import { type ChangePlaceArguments, findRecord } from "./change-place.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { STATE_FOLDER } from "./runs-folder.ts";

export interface ChangeCloseArguments extends ChangePlaceArguments {
  readonly change: string;
  readonly comparison?: string;
  readonly withoutComparison?: boolean;
  readonly reason?: string;
  readonly assume?: readonly string[];
  /** `success`: only that is good enough. */
  readonly as?: string;
  readonly overwrite?: boolean;
}

/** Stands for the newest of the flow. */
const LAST = "last";

/** As those of `compare`. */
const EXITS: Readonly<Record<ChangeOutcome, number>> = {
  success: 0,
  same: 0,
  unmeasured: 0,
  worse: 1,
  suspected: 3,
  inconclusive: 3,
  refused: 5,
  invalid: 5,
};

/** Exit codes: 0 better or the same, 1 worse (or no success, with --as success), 3 inconclusive, 5 refused, 2 could not run. @throws GateError */
export async function changeCloseCommand(
  args: ChangeCloseArguments,
  io: CommandIo,
  now = new Date(),
): Promise<number> {
  if (args.as !== undefined && args.as !== "success") {
    io.err(`--as takes success, not "${args.as}": every other word is the comparison's own.`);
    return 2;
  }
  const found = await findRecord(args, io);
  if (found === null) return 2;
  const { flow, change } = found;
  const today = now.toISOString().slice(0, 10);
  const overwrite = args.overwrite === true;
  if (args.withoutComparison === true) return closeWithout(args, found, { today, overwrite }, io);
  const comparison = await comparisonOf(args, flow.name, io);
  if (comparison === null) return 2;
  const options = { state: STATE_FOLDER, today, overwrite, comparison, assumptions: args.assume ?? [] };
  const closed = await closeChange(flow, change, options);
  return tellClosed(args, change, closed, io);
}

/** @returns the id; `null` after saying which there are */
async function comparisonOf(
  { comparison }: ChangeCloseArguments,
  flow: string,
  io: CommandIo,
): Promise<string | null> {
  if (comparison !== undefined && comparison !== LAST) return comparison;
  const newest = await findNewestComparison(STATE_FOLDER, flow);
  if (comparison === LAST && newest !== null) return newest;
  if (comparison === LAST) {
    io.err(
      `There is no comparison of ${flow} in ${STATE_FOLDER} yet. Run sluicegate compare ${flow} first, in this folder.`,
    );
    return null;
  }
  io.err("Say by which comparison: --comparison ID. Without one: --without-comparison --reason TEXT.");
  if (newest !== null) io.err(`The newest of ${flow} is ${newest}; --comparison last takes that.`);
  return null;
}

function tellClosed(
  args: ChangeCloseArguments,
  change: ChangeFile,
  { outcome, comparison, warnings }: ClosedChange,
  io: CommandIo,
): number {
  io.out(`${change.name} is closed as ${outcome}: ${comparison.verdict}.`);
  io.out(comparison.sentence);
  io.out(`Written to ${shownPath(change.file)}. Whoever reviews it writes their name there, as reviewer:.`);
  if (EXITS[outcome] >= 3)
    io.out(
      `It is not known what the change did. When a better comparison is there: sluicegate change close ${change.matter.change} --comparison ID --overwrite`,
    );
  for (const warning of warnings) io.err(`warning: ${warning}`);
  if (args.as !== "success" || outcome === "success") return EXITS[outcome];
  io.err(
    `It was not closed as a success: the comparison says ${comparison.verdict}, so the record says ${outcome}.`,
  );
  return EXITS[outcome] === 0 ? 1 : EXITS[outcome];
}

async function closeWithout(
  args: ChangeCloseArguments,
  { change }: NonNullable<Awaited<ReturnType<typeof findRecord>>>,
  options: { readonly today: string; readonly overwrite: boolean },
  io: CommandIo,
): Promise<number> {
  if (args.comparison !== undefined || args.as !== undefined) {
    io.err("--without-comparison goes with neither --comparison nor --as: without one there is no success.");
    return 2;
  }
  if ((args.reason ?? "").trim() === "") {
    io.err("--without-comparison needs --reason: a few words that are kept in the record.");
    return 2;
  }
  await closeUnmeasured(change, { ...options, reason: args.reason ?? "" });
  io.out(`${change.name} is closed as unmeasured: nobody knows whether it did anything.`);
  io.out(`Written to ${shownPath(change.file)}. sluicegate lint goes on naming it.`);
  return EXITS.unmeasured;
}
