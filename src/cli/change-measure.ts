/**
 * `sluicegate change measure NNNN before|after`: fills a record's figures from what `sluicegate measure` has kept.
 */
import { measureChange } from "../measure/changes/measure-change.ts";
import { type ChangePlaceArguments, findRecord } from "./change-place.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { STATE_FOLDER } from "./runs-folder.ts";

export interface ChangeMeasureArguments extends ChangePlaceArguments {
  readonly change: string;
  readonly side: string;
  readonly measurement?: string;
  readonly overwrite?: boolean;
}

/** Exit codes: 0 written, 2 could not run. @throws GateError */
export async function changeMeasureCommand(args: ChangeMeasureArguments, io: CommandIo): Promise<number> {
  const { side } = args;
  if (side !== "before" && side !== "after") {
    io.err(`Say before or after, not "${side}".`);
    return 2;
  }
  const found = await findRecord(args, io);
  if (found === null) return 2;
  const { id, warnings } = await measureChange(found.flow, found.change, side, {
    state: STATE_FOLDER,
    overwrite: args.overwrite === true,
    ...(args.measurement === undefined ? {} : { id: args.measurement }),
  });
  io.out(`${found.change.name}: "${side}" is measurement ${id}, in ${shownPath(found.change.file)}.`);
  for (const warning of warnings) io.err(`warning: ${warning}`);
  return 0;
}
