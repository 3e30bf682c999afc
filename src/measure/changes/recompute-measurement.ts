/**
 * The figures of a measurement, computed once more from its requests: whoever has typed another number into `measurement.json` is noticed.
 */
import { isDeepStrictEqual } from "node:util";
import { figuresAgain } from "../measure-flow.ts";
import type { KeptMeasurement } from "./kept-figures-schema.ts";

const FIGURES = ["total", "app", "appSource", "outcomes", "cache", "databaseCalls"] as const;

/** @param file its requests.ndjson. @returns names of the figures that differ. @throws MEASURE_BROKEN where the lines are no requests */
export async function recomputeMeasurement(file: string, kept: KeptMeasurement): Promise<string[]> {
  const figures = await figuresAgain(file, kept.plan.timeoutMs);
  return FIGURES.filter((name) => !isDeepStrictEqual(JSON.parse(JSON.stringify(figures[name])), kept[name]));
}
