/**
 * A request target in which nothing is filled in: `/version`.
 */
import { misread, type Reading } from "../../setup/reading.ts";
import { readTarget } from "../verify/verify-values.ts";

/** An absolute path, which may have a query, without `{names}`. */
export function readPlainTarget(written: unknown): Reading<string> {
  const reading = readTarget(written, "optional");
  return reading.ok && reading.value.includes("{")
    ? misread("nothing is filled in here: write the path without {names}.")
    : reading;
}
