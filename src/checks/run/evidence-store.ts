/**
 * Keeps what a run has told, and what it takes to send the same again: `FOLDER/RUN/run.json` and `FOLDER/RUN/replay.json`; and `summary.json`, for whoever
 * only wants to know how it ended.
 *
 * Always holds: a file is there whole or not at all; only its owner may read it, since answers may hold what is not for everybody.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CATALOGUE } from "../catalogue.ts";
import type { Check } from "../check.ts";
import type { CheckRun } from "./check-run.ts";

/** What the run's bytes were made from, beside its seed. */
interface ReplayNote {
  readonly schema: "sluicegate-replay/1";
  readonly catalogueSha256: string;
}

export const SUMMARY_FILE = "summary.json";

/** How a run ended, without what it saw: a few hundred bytes. */
export interface RunSummary {
  readonly schema: "sluicegate-run-summary/1";
  readonly id: string;
  readonly startedAtMs: number;
  readonly profile: CheckRun["profile"];
  readonly flow: string | null;
  /** Absolute; `null` where a route was checked that no flow describes. */
  readonly flowFile: string | null;
  readonly exitCode: CheckRun["exitCode"];
  readonly sentence: string;
}

/** A run as it was kept. */
export interface StoredRun {
  readonly run: CheckRun;
  /** Of the checks that it was made with: ids, cases and their order. */
  readonly catalogueSha256: string;
}

/** @returns the folder of the run */
export async function storeRun(
  folder: string,
  run: CheckRun,
  catalogue: readonly Check[] = CATALOGUE,
): Promise<string> {
  const own = join(folder, run.id);
  await mkdir(own, { recursive: true, mode: 0o700 });
  const note: ReplayNote = { schema: "sluicegate-replay/1", catalogueSha256: catalogueDigest(catalogue) };
  await writeWhole(join(own, "replay.json"), note);
  await writeWhole(join(own, "run.json"), run);
  await writeWhole(join(own, SUMMARY_FILE), summaryOf(run));
  return own;
}

function summaryOf({ id, startedAt, profile, target, exitCode, sentence }: CheckRun): RunSummary {
  return {
    schema: "sluicegate-run-summary/1",
    id,
    startedAtMs: Date.parse(startedAt),
    profile,
    flow: target.flow,
    flowFile: target.flowFile === null ? null : resolve(target.flowFile.path),
    exitCode,
    sentence,
  };
}

/** @throws where there is no such run, or what is there is none */
export async function readStoredRun(folder: string, runId: string): Promise<StoredRun> {
  const own = join(folder, runId);
  const run = (await readJson(join(own, "run.json"))) as CheckRun;
  if (run.schema !== "sluicegate-check-run/1")
    throw new Error(`${join(own, "run.json")} is of another version of this program: ${String(run.schema)}`);
  const note = (await readJson(join(own, "replay.json"))) as ReplayNote;
  return { run, catalogueSha256: note.catalogueSha256 };
}

/** Changes where a check, a case or their order does. What a case sends is told by the digest of its request. */
export function catalogueDigest(catalogue: readonly Check[]): string {
  const names = catalogue.map(({ id, cases, scenarios = [] }) => [
    id,
    ...cases.map(({ name }) => name),
    ...scenarios.map(({ name }) => name),
  ]);
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${path} is no JSON: ${error.message}`);
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw isMissing ? new Error(`there is no evidence at ${path}`) : error;
  }
}

async function writeWhole(path: string, data: unknown): Promise<void> {
  const partial = `${path}.part`;
  await writeFile(partial, `${JSON.stringify(data, null, 2)}\n`, { mode: 0o600 });
  await rename(partial, path);
}
