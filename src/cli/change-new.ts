/**
 * `sluicegate change new FLOW --title TEXT`: opens a change record in the flow's folder.
 */

import { readFileSync } from "node:fs";
import { newChange } from "../measure/changes/new-change.ts";
import { STILL_TO_WRITE } from "../measure/changes/record-template.ts";
import { type ChangePlaceArguments, findPlaces } from "./change-place.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

export interface ChangeNewArguments extends Omit<ChangePlaceArguments, "flow"> {
  readonly flow: string;
  readonly title: string;
  readonly owner?: string;
  readonly variable?: string;
  readonly expect?: string;
  readonly hypothesis?: string;
  readonly slowQuery?: string;
  readonly failingCommand?: string;
}

/** Exit codes: 0 written, 2 could not run. @throws GateError where it cannot be written */
export async function changeNewCommand(
  args: ChangeNewArguments,
  io: CommandIo,
  now = new Date(),
): Promise<number> {
  const places = await findPlaces(args, io);
  if (places === null) return 2;
  const flow = places.flows.find(({ name }) => name === args.flow);
  const place = places.asked[0];
  if (flow === undefined || place === undefined) {
    io.err(`The flow ${args.flow} does not load; sluicegate lint says why.`);
    return 2;
  }
  const { title, owner, variable, expect: expected, hypothesis, slowQuery, failingCommand } = args;
  const words = { title, owner, variable, expected, hypothesis, slowQuery, failingCommand };
  const said = Object.fromEntries(Object.entries(words).filter(([, word]) => word !== undefined));
  const today = now.toISOString().slice(0, 10);
  const file = await newChange(places.all, flow, place.folder, today, { ...said, title });
  const number = file.match(/(\d{4})-[^/\\]*$/)?.[1] ?? "";
  io.out(`Written: ${shownPath(file)}.`);
  const open = readFileSync(file, "utf8").split(STILL_TO_WRITE).length - 1;
  if (open > 0)
    io.out(
      `Still to write in it, by you: ${open} ${open === 1 ? "part" : "parts"}, each marked "Still to write".`,
    );
  for (const line of nextSteps(flow.name, number, variable ?? "git.commit")) io.out(line);
  return 0;
}

function nextSteps(flow: string, number: string, variable: string): string[] {
  return [
    "",
    "Then, one after the other:",
    `  sluicegate measure ${flow} --target URL --label before`,
    `  sluicegate change measure ${number} before`,
    "  … make the one change …",
    `  sluicegate measure ${flow} --target URL --label after`,
    `  sluicegate change measure ${number} after`,
    "With before and after both running, or switched by a command, find out whether the change did it, and close the record:",
    `  sluicegate compare ${flow} --a URL --b URL --variable ${variable}`,
    `  sluicegate change close ${number} --comparison ID`,
  ];
}
