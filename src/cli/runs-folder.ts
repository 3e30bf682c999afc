/**
 * Where runs of checks are kept: `.sluicegate/runs/RUN/run.json`, and the token by which a host shows that it is ours.
 *
 * Always holds: the folder is nobody else's to read, and is left out of version control; the oldest runs go.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GateError } from "../problems/gate-error.ts";
import { type CheckArguments, UsageError } from "./check-options.ts";

const KEPT_RUNS_MAX = 50;

/** Below the current folder. */
export const STATE_FOLDER = ".sluicegate";
export const RUNS_FOLDER = join(STATE_FOLDER, "runs");
export const TOKEN_FILE = join(STATE_FOLDER, "check-token");

/** Makes the folder for runs where there is none. @throws CHECK_RUNS_UNWRITABLE */
export async function openRunsFolder(): Promise<string> {
  try {
    await mkdir(RUNS_FOLDER, { recursive: true, mode: 0o700 });
    await writeFile(join(STATE_FOLDER, ".gitignore"), "*\n");
  } catch (cause) {
    throw new GateError("CHECK_RUNS_UNWRITABLE", {
      message: `The folder ${STATE_FOLDER}, where runs are kept, cannot be written.`,
      expected: "a folder that can be written; start the command elsewhere, or make it so",
      seen: cause instanceof Error ? cause.message : String(cause),
    });
  }
  return RUNS_FOLDER;
}

/** `last`, the id of a run, or a file as it is named. @returns the path of a `run.json`; `null` where there is no run yet */
export async function findRun(named: string): Promise<string | null> {
  if (named.endsWith(".json")) return named;
  if (named !== "last") return join(RUNS_FOLDER, named, "run.json");
  const newest = (await runIds()).at(-1);
  return newest === undefined ? null : join(RUNS_FOLDER, newest, "run.json");
}

/** Of how a route was named, all that `replay` needs to find it again; what may hold a secret is left out. */
type RouteNote = Pick<
  CheckArguments,
  | "flow"
  | "settings"
  | "flows"
  | "target"
  | "url"
  | "field"
  | "sample"
  | "method"
  | "maxSize"
  | "types"
  | "text"
  | "raw"
  | "framework"
>;

const ROUTE_FILE = "route.json";

export async function keepRouteNote(runId: string, args: CheckArguments): Promise<void> {
  const { flow, settings, flows, target, url, field, sample, method, maxSize, types, text, raw, framework } =
    args;
  const note: { [K in keyof RouteNote]: RouteNote[K] | undefined } = {
    flow,
    settings,
    flows,
    target,
    url,
    field,
    sample,
    method,
    maxSize,
    types,
    text,
    raw,
    framework,
  };
  await writeFile(join(RUNS_FOLDER, runId, ROUTE_FILE), `${JSON.stringify(note, null, 2)}\n`);
}

/** @throws UsageError where there is no such run */
export async function readRouteNote(runId: string): Promise<RouteNote> {
  try {
    return JSON.parse(await readFile(join(RUNS_FOLDER, runId, ROUTE_FILE), "utf8")) as RouteNote;
  } catch {
    throw new UsageError(
      `There is no run ${runId} in ${RUNS_FOLDER}: runs are kept where the check was started.`,
    );
  }
}

/** The `run.json` of the newest run of the same route; `null` where there is none yet. */
export async function findLastRun({ flow, url }: CheckArguments): Promise<string | null> {
  for (const id of (await runIds()).toReversed()) {
    const note = await readRouteNote(id).catch(() => null);
    if (note !== null && note.flow === flow && note.url === url) return join(RUNS_FOLDER, id, "run.json");
  }
  return null;
}

/** Removes all but the newest runs. */
export async function forgetOldRuns(): Promise<void> {
  const old = (await runIds()).slice(0, -KEPT_RUNS_MAX);
  await Promise.all(old.map((id) => rm(join(RUNS_FOLDER, id), { recursive: true, force: true })));
}

/** Ids sort by time. */
async function runIds(): Promise<string[]> {
  const entries = await readdir(RUNS_FOLDER, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** `20261122-190512-x7q2`: short, sorts by time, and nobody else's. */
export function newRunId(now: Date = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${Math.random().toString(36).slice(2, 6).padEnd(4, "0")}`;
}
