/**
 * Copies of what a record was filled from, beside it: `changes/evidence/0007-before.json`. With them a record can be looked at anywhere; the requests
 * themselves stay where they were measured.
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ChangeFile } from "../../flows/documents/change-file.ts";
import { replaceFile } from "../../flows/replace-file.ts";
import { GateError } from "../../problems/gate-error.ts";
import { parseJson } from "../../setup/parse-json.ts";
import type { KeptSide, Side } from "./figures-block.ts";
import { keptMeasurementSchema } from "./kept-figures-schema.ts";

type CopyName = Side | "comparison";

const EVIDENCE_FOLDER = "evidence";

/** Relative to the record. */
export function copyPath({ matter }: Pick<ChangeFile, "matter">, name: CopyName): string {
  return `${EVIDENCE_FOLDER}/${String(matter.change).padStart(4, "0")}-${name}.json`;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Writes the copy. @throws CHANGE_INVALID where it cannot be written */
export async function writeCopy(change: ChangeFile, name: CopyName, bytes: Uint8Array): Promise<void> {
  const file = join(dirname(change.file), copyPath(change, name));
  await writeOrTell(file, bytes);
}

/** Writes a record or a copy of its evidence. @throws CHANGE_INVALID */
export async function writeOrTell(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await replaceFile(file, bytes);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new GateError("CHANGE_INVALID", { message: `${file} cannot be written (${reason}).`, cause });
  }
}

/**
 * The measurement of one side, from its copy.
 * @returns `null` where that side was not measured yet
 * @throws CHANGE_EVIDENCE where the copy is not what the record was filled from
 */
export async function readSide(change: ChangeFile, side: Side): Promise<KeptSide | null> {
  const copy = copyPath(change, side);
  const bytes = await readFile(join(dirname(change.file), copy)).catch(() => null);
  const isNamed = change.text.includes(`](${copy})`);
  if (bytes === null && !isNamed) return null;
  const copySha256 = bytes === null ? "" : sha256Of(bytes);
  if (bytes === null || (isNamed && !change.text.includes(copySha256)))
    throw new GateError("CHANGE_EVIDENCE", {
      message: `${copy} beside the record is ${bytes === null ? "gone" : "not what the record was filled from"}. Run sluicegate change measure ${change.matter.change} ${side} again.`,
    });
  const parsed = keptMeasurementSchema.safeParse(jsonOf(bytes));
  return parsed.success ? { measurement: parsed.data, copy, copySha256 } : null;
}

const jsonOf = (bytes: Buffer): unknown => parseJson(bytes.toString("utf8")) ?? null;
