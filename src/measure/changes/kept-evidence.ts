/**
 * What `measure` and `compare` have kept: `.sluicegate/measurements/ID/measurement.json` and `.sluicegate/comparisons/ID/comparison.json`, each beside the
 * `requests.ndjson` that it was computed from.
 *
 * Always holds: figures that are given out belong to the flow that was asked for, and to the requests that lie beside them: the digest of these is what the
 * JSON says, and the figures of a measurement, or the verdict of a comparison, are made from them once more.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { z } from "zod";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import {
  type KeptComparison,
  type KeptMeasurement,
  keptComparisonSchema,
  keptMeasurementSchema,
} from "./kept-figures-schema.ts";
import { recomputeMeasurement } from "./recompute-measurement.ts";
import { rejudgeComparison } from "./rejudge-comparison.ts";

/** What was kept, as it is to be copied beside the record. */
export interface Kept<T> {
  readonly value: T;
  /** The JSON file's own bytes. */
  readonly bytes: Buffer;
  /** Whether the requests lie beside it on this machine, and were looked at. */
  readonly hasRequests: boolean;
}

interface Kind {
  readonly folder: "measurements" | "comparisons";
  readonly file: "measurement.json" | "comparison.json";
  readonly noun: string;
  readonly command: string;
}

const MEASUREMENTS: Kind = {
  folder: "measurements",
  file: "measurement.json",
  noun: "measurement",
  command: "sluicegate measure",
};
const COMPARISONS: Kind = {
  folder: "comparisons",
  file: "comparison.json",
  noun: "comparison",
  command: "sluicegate compare",
};

const REQUESTS_FILE = "requests.ndjson";
/** What a comparison is judged by beside its requests. */
const INPUT_FILE = "input.json";
const JSON_BYTES_MAX = 16 * 1024 * 1024;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** @param state the folder `.sluicegate`. @throws CHANGE_EVIDENCE */
export async function readKeptMeasurement(
  state: string,
  id: string,
  flow: string,
): Promise<Kept<KeptMeasurement>> {
  const kept = await readKept(state, MEASUREMENTS, id, flow, keptMeasurementSchema);
  if (!kept.hasRequests) return kept;
  const figures = await recomputeMeasurement(join(state, MEASUREMENTS.folder, id, REQUESTS_FILE), kept.value);
  if (figures.length > 0) {
    throw evidence(`The figures of measurement ${id} are not what its requests give: ${figures.join(", ")}.`);
  }
  return kept;
}

/** Judged again where all that it rests on is here. @param state the folder `.sluicegate`. @throws CHANGE_EVIDENCE, COMPARE_EVIDENCE_INVALID */
export async function readKeptComparison(
  state: string,
  id: string,
  flow: string,
): Promise<Kept<KeptComparison>> {
  const kept = await readKept(state, COMPARISONS, id, flow, keptComparisonSchema);
  const folder = join(state, COMPARISONS.folder, id);
  if (!kept.hasRequests || !(await isThere(join(folder, INPUT_FILE)))) return kept;
  const different = await rejudgeComparison(folder, kept.value);
  if (different.length > 0) {
    throw evidence(
      `The comparison ${id} is not what its evidence gives: ${different.join(", ")} differ. sluicegate compare --again ${id} judges it once more.`,
    );
  }
  return kept;
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/**
 * The newest measurement of a flow: of those with the label where there are any, else of those without one.
 * @param label `null`: of all
 * @returns `null` where there is none
 */
export async function findNewestMeasurement(
  state: string,
  flow: string,
  label: string | null,
): Promise<string | null> {
  let unlabelled: string | null = null;
  for (const id of await idsIn(state, MEASUREMENTS)) {
    const found = await readJson(state, MEASUREMENTS, id).catch(() => null);
    const parsed = keptMeasurementSchema.safeParse(found?.value);
    if (!parsed.success || parsed.data.flow !== flow) continue;
    if (label === null || parsed.data.label === label) return id;
    if (parsed.data.label === null) unlabelled ??= id;
  }
  return unlabelled;
}

/** The newest comparison of a flow, or `null`. */
export async function findNewestComparison(state: string, flow: string): Promise<string | null> {
  for (const id of await idsIn(state, COMPARISONS)) {
    const found = await readJson(state, COMPARISONS, id).catch(() => null);
    if (keptComparisonSchema.safeParse(found?.value).data?.flow === flow) return id;
  }
  return null;
}

/** Newest first: ids sort by time. */
async function idsIn(state: string, kind: Kind): Promise<string[]> {
  const entries = await readdir(join(state, kind.folder), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && ID.test(entry.name))
    .map(({ name }) => name)
    .sort()
    .reverse();
}

async function readKept<T extends { readonly flow: string; readonly evidenceSha256: string }>(
  state: string,
  kind: Kind,
  id: string,
  flow: string,
  schema: z.ZodType<T>,
): Promise<Kept<T>> {
  if (!ID.test(id))
    throw evidence(`${quoteSeen(id)} is no id of a ${kind.noun}; ids look like 20261122-190512-x7q2.`);
  const { bytes, value } = await readJson(state, kind, id);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw evidence(
      `${placeOf(state, kind, id)} is not what ${kind.command} writes: ${issue?.path.join(".")}: ${issue?.message}.`,
    );
  }
  if (parsed.data.flow !== flow)
    throw evidence(
      `The ${kind.noun} ${id} is of the flow ${quoteSeen(parsed.data.flow)}, and the record of ${flow}.`,
    );
  const digest = await digestOfFile(join(state, kind.folder, id, REQUESTS_FILE));
  if (digest !== null && digest !== parsed.data.evidenceSha256)
    throw evidence(
      `${REQUESTS_FILE} of the ${kind.noun} ${id} was changed since: its SHA-256 is not the one that the ${kind.noun} tells.`,
    );
  return { value: parsed.data, bytes, hasRequests: digest !== null };
}

async function readJson(state: string, kind: Kind, id: string): Promise<{ bytes: Buffer; value: unknown }> {
  const file = placeOf(state, kind, id);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const reason = isMissing ? "there is no such file" : String((cause as NodeJS.ErrnoException).code);
    throw evidence(
      `The ${kind.noun} ${id} cannot be read: ${reason} (${file}). ${kind.command} keeps them in the folder in which it runs.`,
    );
  }
  try {
    if (bytes.length <= JSON_BYTES_MAX) return { bytes, value: JSON.parse(bytes.toString("utf8")) };
  } catch {
    // Told below, with the file's name.
  }
  throw evidence(`${file} is not JSON, or larger than 16 MiB.`);
}

const placeOf = (state: string, { folder, file }: Kind, id: string): string => join(state, folder, id, file);

/** @returns `null` where there is no such file */
export async function digestOfFile(file: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw evidence(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"}).`);
  }
  return hash.digest("hex");
}

function evidence(message: string): GateError {
  return new GateError("CHANGE_EVIDENCE", { message });
}
