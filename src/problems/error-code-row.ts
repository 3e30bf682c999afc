/**
 * One documented error.
 * - `status`: the HTTP status of the problem answer (for `setup` codes: the exit code of the command line is 2 and the status unused).
 * - `retry`: whether sending the same request again can work: `never` (change the request), `later` (same request, after a while),
 *   `safe` (at once).
 * - `meaning` and `remedy`: two plain sentences for the documentation.
 */
export interface ErrorCodeRow {
  readonly status: number;
  readonly title: string;
  readonly retry: "never" | "later" | "safe";
  readonly meaning: string;
  readonly remedy: string;
}
