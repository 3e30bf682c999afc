/**
 * The figures of a measurement, computed once more from its requests: whoever has typed another number into `measurement.json` is noticed.
 */
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { summariseMeasurement } from "../judge/summarise-measurement.ts";
import type { MeasuredRequest, SegmentHealth } from "../measured-request.ts";
import type { KeptMeasurement } from "./kept-figures-schema.ts";

/** Those that come from the requests alone; what makes them worthless comes from the generator's health, too. */
const FIGURES = ["total", "app", "appSource", "outcomes", "cache", "databaseCalls"] as const;

/** @param file its requests.ndjson, with the digest that the measurement names. @returns names of the figures that differ */
export async function recomputeMeasurement(file: string, kept: KeptMeasurement): Promise<string[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const requests = lines.map((line) => JSON.parse(line) as MeasuredRequest);
  const figures = summariseMeasurement(requests, kept.health as unknown as SegmentHealth, kept.plan);
  return FIGURES.filter((name) => !isDeepStrictEqual(JSON.parse(JSON.stringify(figures[name])), kept[name]));
}
