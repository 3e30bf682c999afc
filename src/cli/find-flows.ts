/**
 * Where a command about flow files looks: the settings named, `./sluicegate.yaml`, or a flows folder alone.
 */
import { relative, resolve } from "node:path";
import type { LoadFlowsOptions } from "../flows/load-flows.ts";
import { formatSetupProblem, type SetupProblem } from "../problems/setup-problem.ts";
import { knownCallers } from "../settings/callers-schema.ts";
import { loadSettings } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings.ts";
import { didYouMean } from "../setup/nearest-word.ts";
import { findSettingsFile } from "./read-settings.ts";

/** What the command line says of it. */
export interface FlowPlaceArguments {
  readonly settings?: string;
  readonly flows?: string;
}

/** Where flows are; `settings` is `null` where only a flows folder is known. */
export type FlowPlace =
  | { readonly ok: true; readonly settings: Settings | null; readonly options: LoadFlowsOptions }
  | { readonly ok: false; readonly isMissing: boolean; readonly problems: readonly SetupProblem[] };

const FLOWS_FOLDER = "flows";

/**
 * Finds the flows. `--flows`, or SLUICEGATE_FLOWS of the environment, with settings takes the folder from there and the upstreams from the settings;
 * without settings the names of upstreams are not checked.
 */
export async function findFlows(args: FlowPlaceArguments): Promise<FlowPlace> {
  const file = findSettingsFile(args.settings);
  const named = args.flows ?? process.env.SLUICEGATE_FLOWS;
  if (file === null) {
    return { ok: true, settings: null, options: { folder: named ?? FLOWS_FOLDER, upstreams: "any" } };
  }
  const load = await loadSettings(file, process.env, "unused");
  if (!load.ok) return load;
  const { settings } = load;
  const folder = named ?? settings.flowsFolder;
  const upstreams = new Set(settings.upstreams.keys());
  return { ok: true, settings, options: { folder, upstreams, callers: knownCallers(settings) } };
}

/** A problem as a line, its file relative to where the command runs if it is below. */
export function problemLine(problem: SetupProblem): string {
  return formatSetupProblem({ ...problem, file: shownPath(problem.file) });
}

/** A path as somebody in the current folder would write it. */
export function shownPath(file: string): string {
  const inside = relative(process.cwd(), resolve(file));
  return inside === "" || inside.startsWith("..") ? file : inside;
}

/** The sentence for a flow that is not there. */
export function noSuchFlow(name: string, names: readonly string[], folder: string): string {
  const list = names.length === 0 ? "There are none." : `There are: ${names.join(", ")}.`;
  return `There is no flow "${name}" in ${shownPath(folder)}.${didYouMean(name, names)} ${list}`;
}
