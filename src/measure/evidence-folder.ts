/**
 * What a measurement rests on, and what came of it: `FOLDER/ID/requests.ndjson` and `FOLDER/ID/measurement.json`.
 *
 * Always holds: a file is there whole or not at all; only its owner may read it; `measurement.json` names the digest of the requests beside it.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GateError } from "../problems/gate-error.ts";
import type { MeasuredRequest } from "./measured-request.ts";
import type { Measurement } from "./measurement.ts";

const REQUESTS_FILE = "requests.ndjson";
const MEASUREMENT_FILE = "measurement.json";
const BASELINE_FILE = "baseline.json";

/** One line a request, in their order, and the digest of all of it. */
export function requestLines(requests: readonly MeasuredRequest[]): {
  readonly text: string;
  readonly sha256: string;
} {
  const text = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  return { text, sha256: createHash("sha256").update(text).digest("hex") };
}

/**
 * Writes both files.
 * @param root the folder of all measurements
 * @returns the folder of this one
 * @throws MEASURE_BROKEN where it cannot be written
 */
export async function keepMeasurement(root: string, measurement: Measurement, text: string): Promise<string> {
  const folder = join(root, measurement.id);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeWhole(join(folder, REQUESTS_FILE), text);
    await writeWhole(join(folder, MEASUREMENT_FILE), jsonOf(measurement));
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  return folder;
}

/** Keeps it in the flow's folder as the one to compare with. @returns the file. @throws MEASURE_BROKEN */
export async function keepBaseline(flowFolder: string, measurement: Measurement): Promise<string> {
  const file = join(flowFolder, BASELINE_FILE);
  try {
    await writeWhole(file, jsonOf(measurement), 0o644);
  } catch (cause) {
    throw unwritable(file, cause);
  }
  return file;
}

/** What lies in the folder of one measurement. @throws MEASURE_BROKEN where there is none, or what is there is none */
export async function readKept(
  folder: string,
): Promise<{ readonly measurement: Measurement; readonly requests: readonly MeasuredRequest[] }> {
  const text = await readFile(join(folder, MEASUREMENT_FILE), "utf8").catch(() => null);
  if (text === null)
    throw new GateError("MEASURE_BROKEN", { message: `There is no measurement in ${folder}.` });
  try {
    const measurement = JSON.parse(text) as Measurement;
    if (measurement.version === 1)
      return { measurement, requests: await readRequests(join(folder, REQUESTS_FILE)) };
  } catch (error) {
    if (error instanceof GateError) throw error;
    // Told below, like another version.
  }
  throw new GateError("MEASURE_BROKEN", {
    message: `${join(folder, MEASUREMENT_FILE)} is no measurement of this version.`,
  });
}

async function readRequests(file: string): Promise<readonly MeasuredRequest[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line, place) => {
    try {
      const request = JSON.parse(line) as MeasuredRequest;
      if (Number.isInteger(request.index) && typeof request.endedMs === "number") return request;
    } catch {
      // Told below, like JSON that is no request.
    }
    throw new GateError("MEASURE_BROKEN", {
      message: `Line ${place + 1} of ${file} is no request of a measurement.`,
    });
  });
}

const jsonOf = (measurement: Measurement): string => `${JSON.stringify(measurement, null, 2)}\n`;

async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  await writeFile(`${path}.part`, text, { mode });
  await rename(`${path}.part`, path);
}

function unwritable(path: string, cause: unknown): GateError {
  const { code = "unknown error" } = cause as NodeJS.ErrnoException;
  return new GateError("MEASURE_BROKEN", {
    message: `What was measured cannot be kept in ${path} (${code}).`,
    expected: "a folder that can be written",
    cause,
  });
}
