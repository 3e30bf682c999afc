/**
 * `sluicegate compare --again ID`: the verdict once more, from the evidence alone. Nothing is sent.
 */
import { judgeKept } from "../measure/compare/judge-kept.ts";
import { readKept } from "../measure/compare/kept-comparison.ts";
import { readKeptLogs } from "../measure/compare/kept-logs.ts";
import type { Comparison } from "../measure/comparison.ts";
import { judgeLogs } from "../measure/judge/judge-logs.ts";
import { type AskedComparison, findComparison, tellComparison } from "./compared.ts";

/** @throws COMPARE_EVIDENCE_INVALID where the evidence is not what was written; UsageError where there is none */
export async function compareAgain(id: string, asked: AskedComparison): Promise<number> {
  const folder = await findComparison(id);
  return tellComparison(await judgedAgain(folder), folder, asked);
}

async function judgedAgain(folder: string): Promise<Comparison> {
  const logs = await readKeptLogs(folder);
  return logs === null ? judgeKept(await readKept(folder)) : judgeLogs(logs);
}
