/**
 * What is wrong with a file that a person wrote (flow.yaml, sluicegate.yaml): never just the first problem, always all of them.
 */
import type { ErrorCode } from "./error-code.ts";

/** One problem at one place. Lines and columns count from 1. */
export interface SetupProblem {
  readonly code: ErrorCode;
  readonly severity: "error" | "warning";
  /** As given on the command line or found below the flows folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Key path within the file: `accept.files.picture.max-size`. */
  readonly path: string;
  /** One sentence: what is wrong, and what would be right. */
  readonly message: string;
}

/** One line a problem, as compilers print them. */
export function formatSetupProblem(problem: SetupProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}`;
}
