/**
 * Which settings a command runs with: the file named, `./sluicegate.yaml`, or the defaults around `--upstream URL` alone.
 */
import { existsSync } from "node:fs";
import { formatSetupProblem } from "../problems/setup-problem.ts";
import {
  loadSettings,
  type SettingsLoad,
  settingsForUpstream,
  withOverrides,
} from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { CommandIo } from "./io.ts";

/** Options that every command about a gate takes. */
export interface SettingsArguments {
  readonly settings?: string;
  readonly listen?: string;
  readonly operator?: string;
  /** `URL` or `NAME=URL`, in place of what the settings say. */
  readonly upstream?: readonly string[];
}

const DEFAULT_FILE = "sluicegate.yaml";
const DEFAULT_UPSTREAM = "http://127.0.0.1:8000";

/**
 * The settings, or `null` after saying everything that is wrong with them. Secrets of callers need not be at hand: they are the gate's own
 * business, and whoever lists uploads may have no right to them.
 * @throws GateError for an override that is not valid
 */
export async function readSettings(args: SettingsArguments, io: CommandIo): Promise<Settings | null> {
  const file = findSettingsFile(args.settings);
  if (file === null) return settingsWithoutFile(args, io, args.upstream?.[0] ?? upstreamOfData());
  return settingsOf(await loadSettings(file, process.env, "unused"), args, io);
}

function settingsOf(load: SettingsLoad, args: SettingsArguments, io: CommandIo): Settings | null {
  if (load.ok) return withOverrides(load.settings, overrides(args));
  for (const problem of load.problems) io.err(formatSetupProblem(problem));
  return null;
}

/** The settings file of a command: named by `--settings`, by SLUICEGATE_SETTINGS, or the one in this folder; `null` where there is none. */
export function findSettingsFile(named: string | undefined): string | null {
  return named ?? process.env.SLUICEGATE_SETTINGS ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null);
}

/** As `readSettings`, for a command that starts a gate: that needs all secrets, and an upstream, said or written. */
export async function readSettingsToServe(args: SettingsArguments, io: CommandIo): Promise<Settings | null> {
  const file = findSettingsFile(args.settings);
  if (file === null) return settingsWithoutFile(args, io, args.upstream?.[0]);
  return settingsOf(await loadSettings(file), args, io);
}

/** A gate started with `--upstream` alone keeps its data in this folder; other commands find it by that, whatever its upstream. */
function upstreamOfData(): string | undefined {
  return existsSync(settingsForUpstream(DEFAULT_UPSTREAM).records.path) ? DEFAULT_UPSTREAM : undefined;
}

function settingsWithoutFile(
  args: SettingsArguments,
  io: CommandIo,
  url: string | undefined,
): Settings | null {
  if (url !== undefined) return withOverrides(settingsForUpstream(url), { ...overrides(args), upstream: [] });
  io.err(
    `There is no ${DEFAULT_FILE} here. Name one with --settings FILE, or say --upstream URL to start with the defaults.`,
  );
  return null;
}

function overrides({ listen, operator, upstream }: SettingsArguments): Parameters<typeof withOverrides>[1] {
  return {
    ...(listen === undefined ? {} : { listen }),
    ...(operator === undefined ? {} : { operator }),
    ...(upstream === undefined ? {} : { upstream: [...upstream] }),
  };
}
