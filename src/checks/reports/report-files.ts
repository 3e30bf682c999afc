/**
 * Reports as files: which formats there are, and writing them so that a reader never meets half of one.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { CheckRun } from "../run/check-run.ts";
import { harReport } from "./har-report.ts";
import { htmlReport } from "./html-report.ts";
import { jsonReport } from "./json-report.ts";
import { junitReport } from "./junit-report.ts";
import { markdownReport } from "./markdown-report.ts";
import { sarifReport } from "./sarif-report.ts";

/** What `--report` takes, in the order of use. */
export const REPORT_FORMATS = ["html", "json", "sarif", "junit", "md", "har"] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

interface ReportFile {
  readonly name: string;
  readonly make: (run: CheckRun) => string;
}

const FILES: Readonly<Record<ReportFormat, ReportFile>> = {
  html: { name: "report.html", make: htmlReport },
  json: { name: "report.json", make: jsonReport },
  sarif: { name: "report.sarif", make: sarifReport },
  junit: { name: "report.junit.xml", make: junitReport },
  md: { name: "report.md", make: markdownReport },
  har: { name: "report.har", make: harReport },
};

/**
 * Writes one file for each format into the folder, which is made where it is missing; an earlier file is replaced in one move.
 * @returns the files' paths, in the order of `formats`, each once
 * @throws REPORT_UNWRITABLE
 */
export async function writeReports(
  run: CheckRun,
  formats: readonly ReportFormat[],
  folder: string,
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const format of new Set(formats)) {
    const { name, make } = FILES[format];
    const path = join(folder, name);
    await replaceFile(folder, path, make(run));
    paths.push(path);
  }
  return paths;
}

/** Only its owner may read it: answers of a service stand in it. */
async function replaceFile(folder: string, path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, text, { mode: 0o600, flush: true });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new GateError("REPORT_UNWRITABLE", { seen: `${quoteSeen(path, 300)}: ${code}`, cause });
  }
}
