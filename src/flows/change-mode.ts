/**
 * Moves a flow from one mode to another: the word in its file changes, and not one other byte.
 *
 * Always: the file is the old one or the new one, never half of each; its permissions stay. It does not tell a running gate.
 */
import { GateError } from "../problems/gate-error.ts";
import { formatSetupProblem, type SetupProblem } from "../problems/setup-problem.ts";
import { readWrittenFile } from "../setup/written-file.ts";
import { groupIn } from "../setup/written-group.ts";
import { readYaml } from "../setup/yaml-source.ts";
import type { FlowMode } from "./flow.ts";
import { findInspectContradictions } from "./inspect-schema.ts";
import { findModeWord } from "./mode-word.ts";
import { replaceFile } from "./replace-file.ts";

/** What came of it; `before` equals the new mode where nothing had to change. */
export interface ModeChange {
  readonly before: FlowMode;
  readonly isChanged: boolean;
}

/**
 * Changes the word at `mode:`.
 * @param file a flow.yaml; a symbolic link is followed and stays a link.
 * @throws     GateError FLOW_INVALID where the file is not there, not readable YAML, has no plain mode word, promises under `inspect` what the gate
 *             could not keep in the new mode, or cannot be written.
 */
export async function changeMode(file: string, mode: FlowMode): Promise<ModeChange> {
  const { bytes, text } = await readText(file);
  const source = readYaml(text, file, "FLOW_INVALID");
  if (source.problems.length > 0) throw invalid(source.problems);
  const found = findModeWord(source, text);
  if (found === null) {
    throw new GateError("FLOW_INVALID", {
      message: `${file} has no line "mode: off", "mode: observe" or "mode: enforce" whose word could be changed.`,
    });
  }
  if (found.word === mode) return { before: mode, isChanged: false };
  const broken = findInspectContradictions(source, groupIn(source.value), mode);
  if (broken.length > 0) throw invalid(broken);
  const changed = [bytes.subarray(0, found.startByte), Buffer.from(mode), bytes.subarray(found.endByte)];
  await writeChanged(file, Buffer.concat(changed));
  return { before: found.word, isChanged: true };
}

async function readText(file: string): Promise<{ bytes: Buffer; text: string }> {
  const written = await readWrittenFile(file, "FLOW_INVALID");
  if (!written.ok) throw invalid(written.problems);
  return written;
}

function invalid(problems: readonly SetupProblem[]): GateError {
  return new GateError("FLOW_INVALID", { message: problems.map(formatSetupProblem).join("\n") });
}

async function writeChanged(file: string, bytes: Buffer): Promise<void> {
  try {
    await replaceFile(file, bytes);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new GateError("FLOW_INVALID", { message: `${file} cannot be changed (${reason}).`, cause });
  }
}
