/**
 * A drill: one failure, made on purpose, in a safe and bounded way, on a gate of its own; what was promised, what was seen, and whether all was put back.
 */

export type DrillKind =
  | "upstream-down"
  | "upstream-slow"
  | "upstream-resets"
  | "upstream-errors"
  | "store-full"
  | "killed"
  | "slow-senders"
  | "overload"
  | "clock";

/** One thing that was watched. */
export interface DrillFinding {
  readonly what: string;
  /** From the flow's `failure:` and what the gate always promises, in a sentence. */
  readonly promised: string;
  readonly seen: string;
  readonly isKept: boolean;
}

/** Plain JSON; written as `drills/DATE-KIND.md` and `.json` in the flow's folder. Times are Unix milliseconds. */
export interface DrillReport {
  readonly version: 1;
  readonly flow: string;
  readonly kind: DrillKind;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly program: string;
  readonly policyVersion: string;
  readonly owner: string;
  /** How the failure was made, in sentences. */
  readonly injected: readonly string[];
  readonly findings: readonly DrillFinding[];
  /** What clients, service and metrics saw: counts by words. */
  readonly seen: {
    readonly clients: Readonly<Record<string, number>>;
    readonly service: Readonly<Record<string, number>>;
    readonly metrics: Readonly<Record<string, number>>;
  };
  /** What was put back, and how that was seen. */
  readonly putBack: readonly string[];
  readonly verdict: "kept" | "broken" | "inconclusive";
  readonly sentence: string;
}
