/**
 * How a walker says that a file does not hold: in, a code of stage `file`, a place and plain words; out, an error to throw (the
 * walker cannot go on) or a finding to return (it can). `inspectFile` turns the thrown kind into findings: nothing of it gets out.
 */
import type { ErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import type { FILE_CODES } from "../problems/table/file.ts";
import type { Finding } from "../uploads/finding.ts";

/** A code of the stage `file`. */
export type FileCode = keyof typeof FILE_CODES & ErrorCode;

/** A finding that refuses the file. `expected` and `seen` are plain words: never file bytes, never a path. */
export function refusal(code: FileCode, byteOffset: number | null, expected: string, seen: string): Finding {
  return { code, severity: "refuse", byteOffset, expected, seen };
}

/** The same as an error, for a walker that cannot go on from here. */
export function flaw(code: FileCode, byteOffset: number, expected: string, seen: string): GateError {
  return new GateError(code, { expected, seen, details: { byteOffset } });
}

/**
 * Reads a thrown flaw back as a finding.
 * @returns `null` for any other error (storage, abort, a bug): those are not the file's fault and must go on upwards.
 */
export function flawFinding(error: unknown): Finding | null {
  if (!(error instanceof GateError) || !error.code.startsWith("FILE_")) return null;
  const { byteOffset } = error.details;
  const at = typeof byteOffset === "number" ? byteOffset : null;
  return refusal(error.code as FileCode, at, error.expected ?? "", error.seen ?? "");
}
