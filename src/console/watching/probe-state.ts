/**
 * What the latest test upload of a flow has shown. Kept in memory: after a start nothing is known until the first one.
 */
export interface ProbeState {
  readonly everyMs: number;
  /** `null`: none has ended yet. */
  readonly last: ProbeResult | null;
  /** Why there are no more, in a sentence; `null` while they go on. */
  readonly stopped: string | null;
}

export interface ProbeResult {
  readonly atMs: number;
  readonly ok: boolean;
  readonly durationMs: number;
  /** What was wrong, as a phrase that follows a colon; empty where nothing was. */
  readonly trouble: string;
}
