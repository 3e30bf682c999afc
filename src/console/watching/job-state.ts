/**
 * What a service has last told of its jobs, by the path that `watch.jobs` of a flow names.
 */
export interface JobState {
  readonly flow: string;
  /** What it told last; `null` where it never did. */
  readonly told: {
    readonly atMs: number;
    readonly total: number;
    readonly failed: number;
    readonly newest: string | null;
  } | null;
  /** Why the latest question had no answer, as a phrase; `null` where it had one. */
  readonly trouble: string | null;
}
