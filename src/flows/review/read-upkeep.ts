/**
 * What a flow's folder tells of how the flow is looked after: drills, tries of the way back, the baseline.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { groupIn } from "../../setup/written-group.ts";
import { type DrillFile, listDrills } from "../documents/drill-file.ts";
import { type RollbackTry, readRollbackLog } from "../documents/rollback-log.ts";

export interface FlowUpkeep {
  /** Oldest first. */
  readonly drills: readonly DrillFile[];
  /** Oldest first. */
  readonly tries: readonly RollbackTry[];
  /** The day on which `baseline.json` was measured; `unreadable` where the file does not tell, `null` where there is none. */
  readonly baselineDay: string | "unreadable" | null;
}

const BASELINE_FILE = "baseline.json";

/** @param folder the flow's */
export async function readUpkeep(folder: string): Promise<FlowUpkeep> {
  const [drills, tries, baselineDay] = await Promise.all([
    listDrills(folder),
    readRollbackLog(folder),
    readBaselineDay(join(folder, BASELINE_FILE)),
  ]);
  return { drills, tries, baselineDay };
}

async function readBaselineDay(file: string): Promise<FlowUpkeep["baselineDay"]> {
  try {
    const { startedAtMs } = groupIn(JSON.parse(await readFile(file, "utf8")));
    return typeof startedAtMs === "number" ? dayOf(startedAtMs) : "unreadable";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? null : "unreadable";
  }
}

/** In UTC. @throws RangeError where no calendar has the moment */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
