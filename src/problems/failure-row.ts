import type { ErrorCode } from "./error-code.ts";

/**
 * One failure and what is promised when it happens. Every promise is kept by a test in `acceptance/faults*.test.ts`, or by the file named there.
 * - `client`: what the client sees beyond the codes.
 * - `codes`: what it may get, most likely first; status and retry are those of the code.
 * - `key`: the key of `failure:` in the flow that changes it, with what each word does; `null` where nothing does.
 */
export interface FailureRow {
  readonly failure: string;
  readonly codes: readonly ErrorCode[];
  readonly client: string;
  readonly kept: string;
  readonly operator: string;
  readonly remedy: string;
  readonly key: string | null;
}
