/**
 * Where commands about change records look: the flows that there are, by name and folder, whether or not they load.
 */
import { join } from "node:path";
import type { ChangeFile } from "../flows/documents/change-file.ts";
import type { Flow } from "../flows/flow.ts";
import { readFlowFolder } from "../flows/load-flows.ts";
import { type FlowPlace, findChange } from "../measure/changes/find-change.ts";
import { type FlowPlaceArguments, findFlows, noSuchFlow, problemLine } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

export interface ChangePlaceArguments extends FlowPlaceArguments {
  /** Of this flow only. */
  readonly flow?: string;
}

export interface ChangePlaces {
  /** All flows of the folder. */
  readonly all: readonly FlowPlace[];
  /** Those that were asked for. */
  readonly asked: readonly FlowPlace[];
  /** Flows that load. */
  readonly flows: readonly Flow[];
}

/** @returns `null` after saying why, where settings do not load or there is no such flow */
export async function findPlaces(args: ChangePlaceArguments, io: CommandIo): Promise<ChangePlaces | null> {
  const place = await findFlows(args);
  if (!place.ok) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return null;
  }
  const { folder } = place.options;
  const { names, fine } = await readFlowFolder({ ...place.options, needsSamples: false });
  if (args.flow !== undefined && !names.includes(args.flow)) {
    io.err(noSuchFlow(args.flow, names, folder));
    return null;
  }
  const all = names.map((name) => ({ name, folder: join(folder, name) }));
  return { all, asked: all.filter(({ name }) => args.flow === undefined || name === args.flow), flows: fine };
}

/** The record of a number or name. @returns `null` after saying why. @throws CHANGE_UNKNOWN, CHANGE_INVALID */
export async function findRecord(
  args: ChangePlaceArguments & { readonly change: string },
  io: CommandIo,
): Promise<{ readonly flow: FlowPlace; readonly change: ChangeFile } | null> {
  const places = await findPlaces(args, io);
  return places === null ? null : findChange(places.asked, args.change);
}
