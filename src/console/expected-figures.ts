/**
 * What a flow file promises of a flow's signals, as numbers. The rest of `expect:` is looked at by checks.
 */
import type { Flow } from "../flows/flow.ts";

export interface ExpectedFigures {
  /** Of the service's own time. */
  readonly p95Ms: number | null;
  /** Largest share of failed requests, from 0 to 1. */
  readonly failureShare: number | null;
  readonly databaseCalls: number | null;
}

/** Reads `expect:`; `null` where nothing is written. `error-rate` is written in percent. */
export function expectedFigures({ notes: { expect } }: Pick<Flow, "notes">): ExpectedFigures {
  const errorPercent = figure(expect?.["error-rate"]);
  return {
    p95Ms: figure(expect?.p95),
    failureShare: errorPercent === null ? null : errorPercent / 100,
    databaseCalls: figure(expect?.["database-calls"]),
  };
}

const figure = (written: unknown): number | null => (typeof written === "number" ? written : null);
