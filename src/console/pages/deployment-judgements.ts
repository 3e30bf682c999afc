/**
 * What a change did to a flow, as far as traffic tells: always a suspicion, with the command that finds out for certain.
 */
import type { Flow } from "../../flows/flow.ts";
import type { Mark } from "../../signals/history/history.ts";
import type { DeploymentJudgement } from "../console-api.ts";
import type { ConsoleSources } from "../console-sources.ts";

/** @returns `null` where there was too little traffic before or since */
export async function judgeChange(
  _sources: ConsoleSources,
  _flow: Flow,
  _mark: Mark,
): Promise<DeploymentJudgement | null> {
  return null;
}
