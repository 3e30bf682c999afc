/**
 * What a flow's file says of its way back.
 *
 * It is read by itself: under pressure the rest of the file may be what is broken, and the way back is needed most of all then.
 */
import type { FlowMode } from "../../../flows/flow.ts";
import { findModeWord } from "../../../flows/mode-word.ts";
import { policyVersionOf } from "../../../flows/policy-version.ts";
import { GateError } from "../../../problems/gate-error.ts";
import { formatSetupProblem } from "../../../problems/setup-problem.ts";
import { readWrittenFile } from "../../../setup/written-file.ts";
import { groupIn } from "../../../setup/written-group.ts";
import { readYaml } from "../../../setup/yaml-source.ts";

export interface WrittenRollback {
  readonly note: string | null;
  readonly command: string | null;
  /** As it is written: `2026-11-22`. */
  readonly tried: string | null;
  readonly mode: FlowMode | null;
  readonly policyVersion: string | null;
}

/** @param file a flow.yaml. @throws FLOW_INVALID where it is not there or no YAML */
export async function readRollback(file: string): Promise<WrittenRollback> {
  const written = await readWrittenFile(file, "FLOW_INVALID");
  const source = written.ok ? readYaml(written.text, file, "FLOW_INVALID") : null;
  const problems = written.ok ? (source?.problems ?? []) : written.problems;
  if (!written.ok || source === null || problems.length > 0)
    throw new GateError("FLOW_INVALID", { message: problems.map(formatSetupProblem).join("\n") });
  const { note, command, tried } = groupIn(groupIn(source.value).rollback);
  const mode = findModeWord(source, written.text);
  return {
    note: textIn(note),
    command: textIn(command),
    tried: textIn(tried),
    mode: mode?.word ?? null,
    policyVersion: mode === null ? null : policyVersionOf(source, written.text, mode),
  };
}

const textIn = (written: unknown): string | null =>
  typeof written === "string" && written.trim() !== "" ? written.trim() : null;
