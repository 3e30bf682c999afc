/**
 * Names of the flows in a folder, whether or not they load.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export async function listFlowNames(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).sort();
  const found = await Promise.all(
    names.map((name) =>
      stat(join(folder, name, "flow.yaml")).then(
        (file) => file.isFile(),
        () => false,
      ),
    ),
  );
  return names.filter((_, index) => found[index] === true);
}
