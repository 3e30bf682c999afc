/**
 * Moves a flow from one mode to another: the word in its file changes, and not one other byte.
 *
 * Always: the file is the old one or the new one, never half of each; its permissions stay. It does not tell a running gate.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GateError } from "../problems/gate-error.ts";
import { formatSetupProblem, type SetupProblem } from "../problems/setup-problem.ts";
import { readWrittenFile } from "../setup/written-file.ts";
import { groupIn } from "../setup/written-group.ts";
import { readYaml } from "../setup/yaml-source.ts";
import type { FlowMode } from "./flow.ts";
import { findInspectContradictions } from "./inspect-schema.ts";
import { findModeWord } from "./mode-word.ts";

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
  await replaceFile(file, Buffer.concat(changed));
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

/** Writes beside the file and renames over it, synced in between, so that a crash leaves one of the two whole. */
async function replaceFile(file: string, bytes: Buffer): Promise<void> {
  try {
    const target = await realpath(file);
    const beside = join(dirname(target), `.flow.yaml.${randomBytes(6).toString("hex")}.new`);
    try {
      await writeLike(target, beside, bytes);
      await rename(beside, target);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    await syncFolder(dirname(target));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new GateError("FLOW_INVALID", { message: `${file} cannot be changed (${reason}).`, cause });
  }
}

async function writeLike(original: string, beside: string, bytes: Buffer): Promise<void> {
  await using from = await open(original, "r");
  await using to = await open(beside, "wx", 0o600);
  await to.writeFile(bytes);
  await copyOwnership(from, to);
  await to.sync();
}

async function copyOwnership(from: FileHandle, to: FileHandle): Promise<void> {
  const wanted = await from.stat();
  const now = await to.stat();
  if (wanted.uid !== now.uid || wanted.gid !== now.gid) {
    // Only root may give a file away; for anybody else the new file is theirs, as with any editor.
    await to.chown(wanted.uid, wanted.gid).catch(() => {});
  }
  await to.chmod(wanted.mode & 0o7777);
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
