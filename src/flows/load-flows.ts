/**
 * The flows folder: every `NAME/flow.yaml` below it becomes a flow; all of them load, or none.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { inFileOrder, problemAt } from "../setup/schema-problems.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import type { Flow, FlowSet } from "./flow.ts";
import { findOverlaps, makeFlowSet, overlapSentence } from "./flow-set.ts";
import { type FlowReading, type NamedBySettings, readFlow } from "./read-flow.ts";

/** A set with its warnings, or all problems of all files. */
export type FlowLoad =
  | { readonly ok: true; readonly set: FlowSet; readonly problems: readonly SetupProblem[] }
  | { readonly ok: false; readonly problems: readonly SetupProblem[] };

/** Where flows are and what they may name. */
export interface LoadFlowsOptions extends NamedBySettings {
  readonly folder: string;
}

/** What came of every flow in a folder, one by one. */
export interface FlowFolderReading {
  /** Flows without a problem. */
  readonly fine: readonly Flow[];
  /** Names of all folders that hold a flow.yaml. */
  readonly names: readonly string[];
  readonly problems: readonly SetupProblem[];
  /** The files of the flows without a problem, by name of the flow: for whoever tells more about a place. */
  readonly sources: ReadonlyMap<string, YamlSource>;
}

/**
 * Loads the set.
 * @returns a set that cannot match one request twice, with warnings only; or all problems. A folder that is missing or empty is an
 *          empty set with a warning.
 */
export async function loadFlows(options: LoadFlowsOptions): Promise<FlowLoad> {
  const { fine, problems } = await readFlowFolder(options);
  if (problems.some((problem) => problem.severity === "error")) return { ok: false, problems };
  return { ok: true, set: makeFlowSet(fine), problems };
}

/** Reads every flow, so that what is fine can be told from what is not. */
export async function readFlowFolder(options: LoadFlowsOptions): Promise<FlowFolderReading> {
  const { folder } = options;
  const listing = await listFlows(folder);
  const readings: FlowReading[] = [];
  for (const name of listing.names) readings.push(await readFlow(join(folder, name, "flow.yaml"), options));
  const good = readings.filter((reading) => reading.ok);
  const overlaps = overlapProblems(good);
  const problems = [
    ...listing.problems,
    ...readings.flatMap((one) => (one.ok ? [] : one.problems)),
    ...overlaps,
  ];
  const spoilt = new Set(overlaps.map((problem) => problem.file));
  const unspoilt = good.filter(({ source }) => !spoilt.has(source.file));
  return {
    fine: unspoilt.map(({ flow }) => flow),
    names: listing.names,
    problems: inFileOrder(problems),
    sources: new Map(unspoilt.map(({ flow, source }) => [flow.name, source])),
  };
}

interface Listing {
  readonly names: readonly string[];
  readonly problems: readonly SetupProblem[];
}

async function listFlows(folder: string): Promise<Listing> {
  let entries: string[];
  try {
    entries = (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
  } catch (error) {
    return listingFailed(folder, (error as NodeJS.ErrnoException).code ?? "unknown error");
  }
  const found = await Promise.all(entries.map((name) => lookInto(folder, name)));
  const names = found.flatMap(({ isFlow, name }) => (isFlow ? [name] : []));
  const warnings = found.flatMap(({ warning }) => (warning === null ? [] : [warning]));
  if (names.length > 0) return { names, problems: warnings };
  return {
    names,
    problems: [...warnings, folderProblem(folder, "warning", "there are no flows in this folder.")],
  };
}

function listingFailed(folder: string, reason: string): Listing {
  if (reason === "ENOENT") {
    return {
      names: [],
      problems: [folderProblem(folder, "warning", "there is no such folder, so there are no flows.")],
    };
  }
  return {
    names: [],
    problems: [folderProblem(folder, "error", `the flows folder cannot be read (${reason}).`)],
  };
}

/** What looks like a flow and is none is told, so that nobody believes that it is enforced. */
async function lookInto(folder: string, name: string) {
  const inside = await readdir(join(folder, name)).catch(() => null);
  const isFlow = inside?.includes("flow.yaml") ?? false;
  return { name, isFlow, warning: isFlow ? null : strayWarning(folder, name, inside) };
}

function strayWarning(folder: string, name: string, inside: readonly string[] | null): SetupProblem | null {
  if (inside === null) {
    const isStray = /^flow\.(ya?ml|json)$/i.test(name);
    return isStray
      ? folderProblem(join(folder, name), "warning", "a flow has a folder of its own: NAME/flow.yaml.")
      : null;
  }
  const similar = inside.find((file) => /^flow\.(ya?ml|json)$/i.test(file));
  if (similar !== undefined) {
    return folderProblem(
      join(folder, name, similar),
      "warning",
      "the file must be called flow.yaml to be a flow.",
    );
  }
  return folderProblem(join(folder, name), "warning", "this folder has no flow.yaml, so it is no flow.");
}

function folderProblem(file: string, severity: "error" | "warning", message: string): SetupProblem {
  const code = severity === "error" ? "FLOW_INVALID" : "FLOWS_NONE";
  return { code, severity, file, line: 1, column: 1, path: "", message };
}

/** Told once for each pair, at the path of the flow that comes later by name. */
function overlapProblems(readings: readonly (FlowReading & { ok: true })[]): SetupProblem[] {
  const byFlow = new Map(readings.map(({ flow, source }) => [flow, source]));
  return findOverlaps([...byFlow.keys()]).flatMap((overlap) => {
    const source = byFlow.get(overlap.second);
    if (source === undefined) return [];
    return [{ ...problemAt(source, ["route", "path"], overlapSentence(overlap)), code: "FLOW_OVERLAP" }];
  });
}
