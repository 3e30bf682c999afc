/**
 * From an error to what a client gets: RFC 9457 problem details.
 */

import { ERROR_CODES } from "./error-code.ts";
import type { GateError } from "./gate-error.ts";

/** Where the gate itself explains a code: `GET /.sluicegate/errors/CODE`. */
export const PROBLEM_TYPE_PREFIX = "/.sluicegate/errors/";

/** What an RFC 9457 answer of the gate carries; `code` never changes once published. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly expected?: string;
  readonly seen?: string;
  readonly retry: "never" | "later" | "safe";
  readonly retryAfterSeconds?: number;
  readonly requestId: string;
  readonly [member: string]: unknown;
}

/** Makes the problem document of an error, for one request. @see RFC 9457 section 3 */
export function toProblem(error: GateError, requestId: string): Problem {
  const standard: Problem = {
    type: PROBLEM_TYPE_PREFIX + error.code,
    title: ERROR_CODES[error.code].title,
    status: error.status,
    detail: error.publicMessage,
    code: error.code,
    ...(error.expected === null ? {} : { expected: error.expected }),
    ...(error.seen === null ? {} : { seen: error.seen }),
    retry: error.retry,
    ...(error.retryAfterSeconds === null ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    requestId,
  };
  // Members of our own come last and cannot take the place of a standard one.
  return { ...standard, ...error.details, ...standard };
}
