/**
 * Where a drill's report is kept: `drills/YYYY-MM-DD-KIND.md` and `.json` in the flow's folder. One of a day: the last one counts.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DrillReport } from "../drill.ts";
import { drillMarkdown } from "./drill-markdown.ts";

/** @param folder of the flow, or another one @returns the path of the Markdown page */
export async function writeDrillReport(folder: string, report: DrillReport): Promise<string> {
  const into = join(folder, "drills");
  const day = new Date(report.startedAtMs).toISOString().slice(0, 10);
  const path = join(into, `${day}-${report.kind}`);
  await mkdir(into, { recursive: true });
  await writeFile(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(`${path}.md`, drillMarkdown(report));
  return `${path}.md`;
}
