/**
 * Empties exactly the caches that a flow declares, each by its own command, and keeps note of it.
 *
 * Always holds: a cache without a command is left alone; one that cannot be emptied ends the comparison, since what follows would not be cold.
 */
import { KeptSecrets } from "../../checks/sight/kept-secrets.ts";
import { runCommand } from "../../checks/sight/run-command.ts";
import type { Flow, FlowMeasure } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Comparison } from "../comparison.ts";
import type { ComparisonArm } from "./comparison-arm.ts";

export type ClearedCache = Comparison["cleared"][number];

const DEADLINE_MS = 60_000;

/** Caches of a flow that have a command to empty them; with a name, this one alone. */
export function clearableCaches(measure: FlowMeasure, only?: string): FlowMeasure["caches"] {
  return measure.caches.filter(({ name, clear }) => clear !== null && (only === undefined || name === only));
}

/**
 * Runs the commands one after the other, by `sh -c` in the flow's folder; they find the target in `SLUICEGATE_TARGET` and the arm in `SLUICEGATE_ARM`.
 * @throws COMPARE_CLEAR_FAILED
 */
export async function clearCaches(
  flow: Pick<Flow, "folder">,
  caches: FlowMeasure["caches"],
  arm: Pick<ComparisonArm, "origin" | "label">,
): Promise<readonly ClearedCache[]> {
  const cleared: ClearedCache[] = [];
  for (const { name, clear } of caches) {
    if (clear === null) continue;
    const atMs = Date.now();
    await clearOne(flow, name, clear, arm);
    cleared.push({ cache: name, command: clear, atMs, exitCode: 0 });
  }
  return cleared;
}

async function clearOne(
  { folder }: Pick<Flow, "folder">,
  name: string,
  command: string,
  { origin, label }: Pick<ComparisonArm, "origin" | "label">,
): Promise<void> {
  const variables = { SLUICEGATE_TARGET: origin, SLUICEGATE_ARM: label };
  const place = { folder, variables, secrets: new KeptSecrets() };
  try {
    await runCommand(command, place, { what: `measure.caches.${name}.clear`, deadlineMs: DEADLINE_MS });
  } catch (cause) {
    throw new GateError("COMPARE_CLEAR_FAILED", {
      message: `The cache ${name} could not be cleared: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
}
