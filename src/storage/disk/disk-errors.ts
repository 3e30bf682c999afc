/**
 * From the file system's errors to those of the gate. The path stays in the cause, for the log.
 */
import { GateError } from "../../problems/gate-error.ts";

const FULL_RETRY_SECONDS = 60;
const FAILED_RETRY_SECONDS = 5;

/** No room on the disk, or none left of the user's quota. */
const NO_ROOM: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** STORAGE_FULL where there is no room, else STORAGE_WRITE_FAILED. A GateError stays what it is. */
export function toWriteError(cause: unknown): GateError {
  if (cause instanceof GateError) return cause;
  return NO_ROOM.has(errorCodeOf(cause))
    ? new GateError("STORAGE_FULL", { cause, retryAfterSeconds: FULL_RETRY_SECONDS })
    : new GateError("STORAGE_WRITE_FAILED", { cause, retryAfterSeconds: FAILED_RETRY_SECONDS });
}

/** STORAGE_OBJECT_MISSING where there is no such object, else STORAGE_READ_FAILED. A GateError stays what it is. */
export function toReadError(cause: unknown): GateError {
  if (cause instanceof GateError) return cause;
  return isMissing(cause)
    ? new GateError("STORAGE_OBJECT_MISSING", { cause })
    : new GateError("STORAGE_READ_FAILED", { cause, retryAfterSeconds: FAILED_RETRY_SECONDS });
}

/** Whether an error says that there is no file of that name. */
export function isMissing(error: unknown): boolean {
  return errorCodeOf(error) === "ENOENT";
}

/** `ENOSPC`, `EXDEV` …; empty where the error has none. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
