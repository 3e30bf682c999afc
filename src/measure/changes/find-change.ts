/**
 * Change records over all flows: a record is named by its number, `7` or `0007`, or by its file's name.
 */
import { join } from "node:path";
import {
  CHANGE_FILE_PATTERN,
  CHANGES_FOLDER,
  type ChangeFile,
  type ChangeReading,
} from "../../flows/documents/change-file.ts";
import { listChanges } from "../../flows/documents/list-changes.ts";
import { listFolder } from "../../flows/documents/list-folder.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import { formatSetupProblem } from "../../problems/setup-problem.ts";

/** A flow's name, and its folder as problems are to name it. */
export interface FlowPlace {
  readonly name: string;
  readonly folder: string;
}

export interface PlacedReading {
  readonly flow: FlowPlace;
  readonly reading: ChangeReading;
}

/** All records, by number. */
export async function listAllChanges(flows: readonly FlowPlace[]): Promise<PlacedReading[]> {
  const lists = await Promise.all(
    flows.map(async (flow) =>
      (await listChanges(flow.folder, flow.name)).map((reading) => ({ flow, reading })),
    ),
  );
  return lists.flat().sort((a, b) => (nameOf(a.reading) < nameOf(b.reading) ? -1 : 1));
}

/** Of a file's name, without `.md`. */
export function nameOf(reading: ChangeReading): string {
  return reading.ok ? reading.change.name : reading.name;
}

/** One more than the largest that any flow has: a number names one change of the whole service. */
export async function nextChangeNumber(flows: readonly FlowPlace[]): Promise<number> {
  const lists = await Promise.all(
    flows.map(({ folder }) => listFolder(join(folder, CHANGES_FOLDER), CHANGE_FILE_PATTERN)),
  );
  return 1 + Math.max(0, ...lists.flat().map((name) => Number(name.slice(0, 4))));
}

/**
 * Finds the one record.
 * @param wanted  number or name
 * @throws CHANGE_UNKNOWN where there is none or several, CHANGE_INVALID where it cannot be read
 */
export async function findChange(
  flows: readonly FlowPlace[],
  wanted: string,
): Promise<{ readonly flow: FlowPlace; readonly change: ChangeFile }> {
  const found = (await listAllChanges(flows)).filter(({ reading }) => isWanted(nameOf(reading), wanted));
  const [one, other] = found;
  if (one === undefined) {
    throw unknown(
      `There is no change record ${quoteSeen(wanted)}. sluicegate change list shows those that there are.`,
    );
  }
  if (other !== undefined) {
    const names = found.map(({ flow, reading }) => `${nameOf(reading)} of ${flow.name}`).join(", ");
    throw unknown(`Several records have the number ${wanted}: ${names}. Name one whole, or say --flow.`);
  }
  const { flow, reading } = one;
  if (!reading.ok)
    throw new GateError("CHANGE_INVALID", { message: reading.problems.map(formatSetupProblem).join("\n") });
  return { flow, change: reading.change };
}

function isWanted(name: string, wanted: string): boolean {
  return /^\d{1,4}$/.test(wanted)
    ? Number(name.slice(0, 4)) === Number(wanted)
    : name === wanted.replace(/\.md$/, "");
}

function unknown(message: string): GateError {
  return new GateError("CHANGE_UNKNOWN", { message });
}
