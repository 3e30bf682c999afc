/**
 * `sluicegate change check [NNNN]`: whether records still say what the program wrote, and what is missing in them.
 */

import { checkChange } from "../measure/changes/check-change.ts";
import { listAllChanges, nameOf, type PlacedReading } from "../measure/changes/find-change.ts";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { type ChangePlaceArguments, findPlaces, findRecord } from "./change-place.ts";
import { problemLine } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";

export interface ChangeCheckArguments extends ChangePlaceArguments {
  readonly change?: string;
  readonly json?: boolean;
}

/** Exit codes: 0 as written (something may be missing), 1 changed by hand or unreadable, 2 could not run. @throws CHANGE_UNKNOWN */
export async function changeCheckCommand(args: ChangeCheckArguments, io: CommandIo): Promise<number> {
  const checked = await recordsOf(args, io);
  if (checked === null) return 2;
  const lists = await Promise.all(
    checked.map(({ reading }) => (reading.ok ? checkChange(reading.change) : reading.problems)),
  );
  const problems = [...lists.flat(), ...twins(checked)];
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (args.json === true)
    io.out(JSON.stringify({ ok: errors === 0, records: checked.length, problems }, null, 2));
  else {
    for (const problem of problems) io.out(problemLine(problem));
    const records = `${checked.length} ${checked.length === 1 ? "record" : "records"}`;
    io.out(
      errors === 0
        ? `${records}: every figure is as the program wrote it.`
        : `${records}, ${errors} ${errors === 1 ? "problem" : "problems"}.`,
    );
  }
  return errors === 0 ? 0 : 1;
}

async function recordsOf(args: ChangeCheckArguments, io: CommandIo): Promise<PlacedReading[] | null> {
  if (args.change !== undefined) {
    const found = await findRecord({ ...args, change: args.change }, io);
    return found === null ? null : [{ flow: found.flow, reading: { ok: true, change: found.change } }];
  }
  const places = await findPlaces(args, io);
  return places === null ? null : listAllChanges(places.asked);
}

/** Two branches that were begun at one time have both taken the next number. */
function twins(records: readonly PlacedReading[]): SetupProblem[] {
  return records.flatMap(({ reading }, index) => {
    const before = records[index - 1];
    const number = nameOf(reading).slice(0, 4);
    if (!reading.ok || before === undefined || nameOf(before.reading).slice(0, 4) !== number) return [];
    const message = `the number ${number} is taken by ${nameOf(before.reading)} of ${before.flow.name}, too; give one of them the next free number, in its name and its first line.`;
    const { file, placeOf } = reading.change;
    return [
      {
        code: "CHANGE_INVALID",
        severity: "warning",
        file,
        line: placeOf("change").line,
        column: 1,
        path: "change",
        message,
      },
    ];
  });
}
