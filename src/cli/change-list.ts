/**
 * `sluicegate change list` and `change show NNNN`.
 */
import type { ChangeReading } from "../flows/documents/change-file.ts";
import { listAllChanges, nameOf, type PlacedReading } from "../measure/changes/find-change.ts";
import { type ChangePlaceArguments, findPlaces, findRecord } from "./change-place.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { alignColumns } from "./table.ts";

export interface ChangeListArguments extends ChangePlaceArguments {
  readonly open?: boolean;
  readonly json?: boolean;
}

/** Exit codes: 0, 2 could not run. */
export async function changeListCommand(args: ChangeListArguments, io: CommandIo): Promise<number> {
  const places = await findPlaces(args, io);
  if (places === null) return 2;
  const all = (await listAllChanges(places.asked)).filter(
    ({ reading }) => args.open !== true || !reading.ok || reading.change.matter.status === "open",
  );
  if (args.json === true) io.out(JSON.stringify(all.map(asJson), null, 2));
  else if (all.length === 0)
    io.out("There are no change records yet. sluicegate change new FLOW --title TEXT opens one.");
  else
    for (const line of alignColumns([
      ["CHANGE", "FLOW", "STATE", "VERDICT", "OPENED", "OWNER", "TITLE"],
      ...all.map(asRow),
    ]))
      io.out(line);
  return 0;
}

function asRow({ flow, reading }: PlacedReading): string[] {
  const number = nameOf(reading).slice(0, 4);
  if (!reading.ok)
    return [
      number,
      flow.name,
      "unreadable",
      "",
      "",
      "",
      `${reading.name} (sluicegate change check says why)`,
    ];
  const { outcome, verdict, opened, owner, title } = reading.change.matter;
  return [number, flow.name, outcome ?? "open", verdict ?? "-", opened, owner, title];
}

function asJson({ flow, reading }: PlacedReading): unknown {
  const file = (one: ChangeReading): string => (one.ok ? one.change.file : (one.problems[0]?.file ?? ""));
  const place = { name: nameOf(reading), flow: flow.name, file: shownPath(file(reading)) };
  return reading.ok ? { ...place, ...reading.change.matter } : { ...place, problems: reading.problems };
}

export interface ChangeShowArguments extends ChangePlaceArguments {
  readonly change: string;
  readonly json?: boolean;
}

/** Exit codes: 0, 2 could not run. @throws CHANGE_UNKNOWN, CHANGE_INVALID */
export async function changeShowCommand(args: ChangeShowArguments, io: CommandIo): Promise<number> {
  const found = await findRecord(args, io);
  if (found === null) return 2;
  const { change, flow } = found;
  if (args.json === true)
    io.out(
      JSON.stringify(
        {
          ...change.matter,
          name: change.name,
          flow: flow.name,
          file: shownPath(change.file),
          markdown: change.text,
        },
        null,
        2,
      ),
    );
  else io.out(change.text.trimEnd());
  return 0;
}
