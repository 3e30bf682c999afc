/**
 * All change records of a flow's folder, in the order of their numbers.
 */
import { join } from "node:path";
import { CHANGE_FILE_PATTERN, CHANGES_FOLDER, type ChangeReading, readChangeFile } from "./change-file.ts";
import { listFolder } from "./list-folder.ts";

/** @param folder the flow's, as problems are to name it; its last part is the flow's name unless `flow` says another */
export async function listChanges(folder: string, flow: string): Promise<ChangeReading[]> {
  const names = await listFolder(join(folder, CHANGES_FOLDER), CHANGE_FILE_PATTERN);
  return Promise.all(names.map((name) => readChangeFile(join(folder, CHANGES_FOLDER, name), flow)));
}
