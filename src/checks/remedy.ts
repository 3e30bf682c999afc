/**
 * What one does about a check that fails, in the words of the framework at hand.
 *
 * Always holds: plain text, one to four sentences each, code in backticks; versions are named where they matter (`Starlette ≥ 1.6.0`).
 */
export interface Remedy {
  readonly fastapi: string;
  readonly django: string;
  readonly flask: string;
  /** With the gate in front: the line of flow.yaml or sluicegate.yaml that does it, or why a gate cannot. */
  readonly gate: string;
}

export type Framework = Exclude<keyof Remedy, "gate">;
