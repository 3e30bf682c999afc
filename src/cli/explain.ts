/**
 * `sluicegate explain FLOW`: what a flow means, in plain sentences.
 */
import { join } from "node:path";
import { explainFlow } from "../flows/explain-flow.ts";
import { readFlowFolder } from "../flows/load-flows.ts";
import { readFlow } from "../flows/read-flow.ts";
import { type FlowPlaceArguments, findFlows, noSuchFlow, problemLine } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

export interface ExplainArguments extends FlowPlaceArguments {
  readonly flow: string;
}

/** Exit codes: 0 explained, 1 the flow or the settings have problems, 2 there is no such flow. Other flows do not matter. */
export async function explainCommand(args: ExplainArguments, io: CommandIo): Promise<number> {
  const place = await findFlows(args);
  if (!place.ok) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return place.isMissing ? 2 : 1;
  }
  const { folder } = place.options;
  const { names } = await readFlowFolder(place.options);
  if (!names.includes(args.flow)) {
    io.err(noSuchFlow(args.flow, names, folder));
    return 2;
  }
  const reading = await readFlow(join(folder, args.flow, "flow.yaml"), place.options);
  if (reading.ok) io.out(explainFlow(reading.flow));
  else for (const problem of reading.problems) io.err(problemLine(problem));
  return reading.ok ? 0 : 1;
}
