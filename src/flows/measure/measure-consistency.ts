/**
 * Contradictions within `measure` and `watch`, with the rest of the flow, and with the files beside it.
 *
 * Works on what is written, checked or not, so that all problems are told at once.
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { SetupProblem } from "../../problems/setup-problem.ts";
import { problemAt, problemAtKey } from "../../setup/schema-problems.ts";
import { groupIn, type WrittenGroup } from "../../setup/written-group.ts";
import type { YamlSource } from "../../setup/yaml-source.ts";

/** Where the flow lies, and whether the files that it names must be there. */
interface FilePlace {
  readonly folder: string;
  readonly needsSamples: boolean;
}

/** All contradictions of a flow's `measure` and `watch`. */
export async function findMeasureContradictions(
  source: YamlSource,
  flow: WrittenGroup,
  place: FilePlace,
): Promise<SetupProblem[]> {
  return [...(await checkFiles(source, flow, place)), ...checkProbe(source, flow)];
}

async function checkFiles(
  source: YamlSource,
  flow: WrittenGroup,
  { folder, needsSamples }: FilePlace,
): Promise<SetupProblem[]> {
  const { files } = groupIn(groupIn(flow.measure).fingerprint);
  if (!needsSamples || !Array.isArray(files)) return [];
  const checked = files.map(async (file: unknown, index) => {
    if (typeof file !== "string" || file.trim() === "" || (await isFile(resolve(folder, file.trim()))))
      return [];
    const sentence = `there is no file "${file}", seen from the flow's folder.`;
    return [problemAt(source, ["measure", "fingerprint", "files", index], sentence)];
  });
  return (await Promise.all(checked)).flat();
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A probe every minute leaves 1,440 files a day. */
function checkProbe(source: YamlSource, flow: WrittenGroup): SetupProblem[] {
  if (groupIn(flow.watch)["probe-every"] === undefined) return [];
  if (groupIn(flow.verify).cleanup !== undefined) return [];
  const sentence =
    "what these uploads leave behind would pile up; write verify: { cleanup: … }, which removes them.";
  return [problemAtKey(source, ["watch", "probe-every"], sentence)];
}
