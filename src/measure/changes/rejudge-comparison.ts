/**
 * A comparison judged once more from what was kept of it: whoever has written another verdict or figure into `comparison.json` is noticed.
 */
import { isDeepStrictEqual } from "node:util";
import { judgeKept } from "../compare/judge-kept.ts";
import { readKept } from "../compare/kept-comparison.ts";
import type { KeptComparison } from "./kept-figures-schema.ts";

const JUDGED = ["verdict", "sentence", "rows", "likeForLike", "differing", "variable"] as const;

/** @param folder with its input.json and requests. @returns names of what differs. @throws COMPARE_EVIDENCE_INVALID */
export async function rejudgeComparison(folder: string, kept: KeptComparison): Promise<string[]> {
  const judged = judgeKept(await readKept(folder));
  return JUDGED.filter((name) => !isDeepStrictEqual(JSON.parse(JSON.stringify(judged[name])), kept[name]));
}
