/**
 * `sluicegate waive ID --flow FLOW --until DATE --reason TEXT --owner WHO`: answers for a check that fails, until a day, in the flow's own folder.
 */
import { join } from "node:path";
import { CATALOGUE } from "../checks/catalogue.ts";
import { addWaiver } from "../checks/waivers/add-waiver.ts";
import { readFlowFolder } from "../flows/load-flows.ts";
import { type FlowPlaceArguments, findFlows, noSuchFlow, problemLine, shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

export interface WaiveArguments extends FlowPlaceArguments {
  /** May be left out where there is one flow. */
  readonly flow?: string;
  readonly id: string;
  readonly until: string;
  readonly reason: string;
  readonly owner: string;
}

/** Exit codes: 0 written, 2 could not run. @throws GateError for a waiver that cannot be written */
export async function waiveCommand(args: WaiveArguments, io: CommandIo): Promise<number> {
  const place = await findFlows(args);
  if (!place.ok) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return 2;
  }
  const { folder } = place.options;
  const { names } = await readFlowFolder(place.options);
  const flow = args.flow ?? (names.length === 1 ? names[0] : undefined);
  if (flow === undefined || !names.includes(flow)) {
    io.err(
      flow === undefined
        ? `Say which flow: --flow ${names.join(" or --flow ")}`
        : noSuchFlow(flow, names, folder),
    );
    return 2;
  }
  const { until, reason, owner } = args;
  const check = idOf(args.id);
  const today = new Date().toISOString().slice(0, 10);
  const known = new Set<string>(CATALOGUE.map(({ id }) => id));
  const { file, before } = await addWaiver(join(folder, flow), { check, until, reason, owner }, today, known);
  io.out(`${check} of ${flow} is waived until ${until}, in ${shownPath(file)}.`);
  if (before !== null)
    io.out(`Before, it was waived until ${before.until} by ${before.owner}: ${before.reason}`);
  io.out("From that day on it fails again. Whoever reviews the file sees who answers for it.");
  return 0;
}

/** `MP-07` is taken too. */
function idOf(written: string): string {
  const id = written.toUpperCase();
  return id.startsWith("UPL-") ? id : `UPL-${id}`;
}
