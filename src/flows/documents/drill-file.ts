/**
 * Reports of drills in a flow's folder: `drills/2026-11-22-upstream-down.md` for people, the same name with `.json` for programs.
 *
 * Only what programs need of the JSON is read here; how it is made, and all of its members, is `drills/`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { listFolder } from "./list-folder.ts";

/** Below a flow's folder. */
export const DRILLS_FOLDER = "drills";

/** `2026-11-22-upstream-down.md`. */
export const DRILL_FILE_PATTERN = /^(\d{4}-\d{2}-\d{2})-([a-z]+(?:-[a-z0-9]+)*)\.md$/;

const REPORT_BYTES_MAX = 4 * 1024 * 1024;

const reportSchema = z.object({
  kind: z.string(),
  startedAtMs: z.number(),
  policyVersion: z.string(),
  verdict: z.enum(["kept", "broken", "inconclusive"]),
  sentence: z.string(),
});

/** What is known of one drill; `report` is `null` where the JSON is missing or is none. */
export interface DrillFile {
  /** The file's name without `.md`. */
  readonly name: string;
  /** From the name: `2026-11-22`. */
  readonly day: string;
  readonly kind: string;
  readonly report: z.output<typeof reportSchema> | null;
}

/** All of a flow, oldest first. @param folder the flow's */
export async function listDrills(folder: string): Promise<DrillFile[]> {
  const names = await listFolder(join(folder, DRILLS_FOLDER), DRILL_FILE_PATTERN);
  return Promise.all(names.map((name) => readDrill(join(folder, DRILLS_FOLDER), name)));
}

async function readDrill(folder: string, fileName: string): Promise<DrillFile> {
  const [, day = "", kind = ""] = DRILL_FILE_PATTERN.exec(fileName) ?? [];
  const name = fileName.slice(0, -".md".length);
  return { name, day, kind, report: await readReport(join(folder, `${name}.json`)) };
}

async function readReport(file: string): Promise<DrillFile["report"]> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > REPORT_BYTES_MAX) return null;
    return reportSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    // Whoever reads the report sees the Markdown; that its JSON is unreadable is told as "unreadable".
    return null;
  }
}
