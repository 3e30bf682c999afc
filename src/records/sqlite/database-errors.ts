/**
 * From SQLite's errors to those of the gate, and across the thread's border.
 */
import type { ErrorCode } from "../../problems/error-code.ts";
import { GateError, type GateErrorInit, type PublicDetails } from "../../problems/gate-error.ts";

const RETRY_AFTER_SECONDS = 5;

/** Primary result codes (sqlite.org/rescode.html) that speak of one statement's values, not of the database. */
const STATEMENT_FAULTS: ReadonlySet<number> = new Set([
  18, // SQLITE_TOOBIG
  19, // SQLITE_CONSTRAINT
  20, // SQLITE_MISMATCH
  25, // SQLITE_RANGE
]);

/** Whether an error concerns only the change that met it. Anything else (full disk, lock, damage) concerns the whole group. */
export function isFaultOfChange(error: unknown): boolean {
  const resultCode = resultCodeOf(error);
  return resultCode === null || STATEMENT_FAULTS.has(resultCode & 0xff);
}

/** A GateError stays what it is; all else becomes RECORDS_UNAVAILABLE with the error as its cause. */
function toRecordsError(error: unknown): GateError {
  return error instanceof GateError ? error : recordsUnavailable(error);
}

/** RECORDS_UNAVAILABLE with a cause for the log. */
export function recordsUnavailable(cause: unknown): GateError {
  return new GateError("RECORDS_UNAVAILABLE", { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/** For a person at the command line, who asked about the records and not for an upload: where and why they cannot be read. */
export function readFailed(error: unknown, path: string): GateError {
  if (error instanceof GateError) return error;
  return new GateError("RECORDS_UNAVAILABLE", {
    message: "The records cannot be read.",
    expected: `a records database at ${path}`,
    seen: describeCause(error) ?? "nothing that says why",
    cause: error,
  });
}

/** A GateError as plain values. A structured clone would keep neither its class nor its members. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly expected: string | null;
  readonly seen: string | null;
  readonly details: PublicDetails;
  readonly retryAfterSeconds: number | null;
  readonly cause: string | null;
}

/** What the thread sends for an error. */
export function packError(error: unknown): ErrorMessage {
  const { code, message, expected, seen, details, retryAfterSeconds, cause } = toRecordsError(error);
  return { code, message, expected, seen, details, retryAfterSeconds, cause: describeCause(cause) };
}

/** The GateError that `packError` was given. Its cause is an Error with the same words. */
export function unpackError(packed: ErrorMessage): GateError {
  const init: GateErrorInit = {
    message: packed.message,
    details: packed.details,
    ...(packed.expected === null ? {} : { expected: packed.expected }),
    ...(packed.seen === null ? {} : { seen: packed.seen }),
    ...(packed.retryAfterSeconds === null ? {} : { retryAfterSeconds: packed.retryAfterSeconds }),
    ...(packed.cause === null ? {} : { cause: new Error(packed.cause) }),
  };
  return new GateError(packed.code, init);
}

function describeCause(cause: unknown): string | null {
  if (cause === undefined) return null;
  const resultCode = resultCodeOf(cause);
  const words = cause instanceof Error ? cause.message : String(cause);
  return resultCode === null ? words : `SQLite: ${words} (result code ${resultCode})`;
}

/** The extended result code that `node:sqlite` puts on its errors as `errcode`. */
function resultCodeOf(error: unknown): number | null {
  const isSqliteError = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
  return isSqliteError ? Number(error.errcode) : null;
}
