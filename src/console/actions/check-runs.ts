/**
 * Runs of checks that are kept beside the gate: what the last one of a flow said.
 *
 * Only `summary.json` of a run is read: a whole run is megabytes, which would keep requests waiting while it is parsed.
 */
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type RunSummary, SUMMARY_FILE } from "../../checks/run/evidence-store.ts";
import type { Flow } from "../../flows/flow.ts";
import type { Condition } from "../console-api.ts";
import type { LastCheck } from "../pages/flow-row.ts";

/** As `sluicegate check` names it, below the folder in which it was started. */
const RUNS_FOLDER = join(".sluicegate", "runs");
const LOOKED_AT_MAX = 200;
const FRESH_MS = 5_000;

export class CheckRuns {
  readonly #folders: readonly string[];
  /** A summary does not change once it is written. */
  readonly #known = new Map<string, RunSummary>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> = Promise.resolve();

  /** @param homes folders in which checks may have been started */
  constructor(homes: readonly string[]) {
    this.#folders = [...new Set(homes.map((home) => resolve(home, RUNS_FOLDER)))];
  }

  /** The newest of a flow, as a row shows it; `null` where there is none. Looks at the folders every few seconds at most. */
  async last(flow: Pick<Flow, "folder">): Promise<LastCheck> {
    const newest = await this.newest(flow);
    if (newest === null) return null;
    const { startedAtMs, sentence } = newest;
    return { atMs: startedAtMs, sentence, condition: CONDITIONS[newest.exitCode] };
  }

  async newest({ folder }: Pick<Flow, "folder">, isFresh = false): Promise<RunSummary | null> {
    await this.#look(isFresh);
    const file = join(folder, "flow.yaml");
    const own = [...this.#known.values()].filter(({ flowFile }) => flowFile === file);
    return own.toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0] ?? null;
  }

  #look(isFresh: boolean): Promise<void> {
    const now = performance.now();
    if (isFresh || now - this.#lookedAt > FRESH_MS) {
      this.#lookedAt = now;
      this.#looking = this.#looking.then(() => this.#lookAll());
    }
    return this.#looking;
  }

  async #lookAll(): Promise<void> {
    const seen = new Set<string>();
    for (const folder of this.#folders) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      for (const name of names.sort().slice(-LOOKED_AT_MAX)) {
        const file = join(folder, name, SUMMARY_FILE);
        seen.add(file);
        if (!this.#known.has(file)) await this.#read(file);
      }
    }
    for (const file of this.#known.keys()) if (!seen.has(file)) this.#known.delete(file);
  }

  /** What is no summary is passed over: a run of an earlier version has none. */
  async #read(file: string): Promise<void> {
    try {
      const value = JSON.parse(await readFile(file, "utf8")) as Partial<RunSummary>;
      if (isSummary(value)) this.#known.set(file, value);
    } catch {
      return;
    }
  }
}

const CONDITIONS: Readonly<Record<RunSummary["exitCode"], Condition>> = {
  0: "good",
  1: "bad",
  3: "unknown",
  4: "unknown",
};

function isSummary(value: Partial<RunSummary>): value is RunSummary {
  const { schema, sentence, startedAtMs, exitCode } = value;
  return (
    schema === "sluicegate-run-summary/1" &&
    typeof sentence === "string" &&
    typeof startedAtMs === "number" &&
    exitCode !== undefined &&
    exitCode in CONDITIONS
  );
}
