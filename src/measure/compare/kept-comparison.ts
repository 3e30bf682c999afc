/**
 * A comparison as it is kept: every request that it rests on, and everything else that its judgement reads, so that it can be judged again.
 *
 * `requests.ndjson` cold and warm requests of the pairs · `noise.ndjson` A beside itself · `second-lap.ndjson` after the named cache alone was cleared ·
 * `input.json` all that is not a request · `comparison.json`, `report.html` what came of it.
 *
 * Always holds: what is read back gives the same judgement; a line that was changed, added or lost is noticed by its file's digest.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GateError } from "../../problems/gate-error.ts";
import type { JudgeInput, NoiseInput, SegmentPair, StoredNoise } from "../judge/judge-input.ts";
import type { MeasuredRequest, SegmentHealth } from "../measured-request.ts";

/** What a comparison is judged by, and why it ended before its time, in a sentence, or `null`. */
export interface KeptComparison {
  readonly input: JudgeInput;
  readonly cutShort: string | null;
}

const REQUESTS_FILE = "requests.ndjson";
const NOISE_FILE = "noise.ndjson";
const SECOND_LAP_FILE = "second-lap.ndjson";
const INPUT_FILE = "input.json";

interface KeptPair {
  readonly pair: number;
  readonly order: SegmentPair["order"];
  readonly a: SegmentHealth;
  readonly b: SegmentHealth;
}

type WithoutRequests = Omit<JudgeInput, "cold" | "warm" | "secondLap" | "noise">;

interface KeptInput {
  readonly version: 1;
  readonly input: WithoutRequests;
  readonly cold: readonly KeptPair[];
  readonly warm: readonly KeptPair[];
  readonly secondLap: readonly KeptPair[];
  readonly noise: readonly KeptPair[];
  readonly storedNoise: StoredNoise | null;
  readonly cutShort: string | null;
  /** SHA-256 (hex) by name of the file. */
  readonly files: Readonly<Record<string, string>>;
}

/** Lines of pairs in the order in which they ran, and their digest: what `evidenceSha256` names. */
export function evidenceOf(...pairs: readonly (readonly SegmentPair[])[]): {
  readonly text: string;
  readonly sha256: string;
} {
  const text = pairs.flat().flatMap(linesOf).join("");
  return { text, sha256: createHash("sha256").update(text).digest("hex") };
}

/** Writes everything but the reports. @throws the system's error where the folder cannot be written */
export async function writeKept(folder: string, kept: KeptComparison): Promise<void> {
  const { cold, warm, secondLap, noise, ...input } = kept.input;
  const noisePairs = noise?.kind === "pairs" ? noise.pairs : [];
  const files: Record<string, string> = {};
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, pairs] of [
    [REQUESTS_FILE, [...cold, ...warm]],
    [NOISE_FILE, noisePairs],
    [SECOND_LAP_FILE, secondLap],
  ] as const) {
    if (name !== REQUESTS_FILE && pairs.length === 0) continue;
    const { text, sha256 } = evidenceOf(pairs);
    files[name] = sha256;
    await writeFile(join(folder, name), text);
  }
  const written: KeptInput = {
    version: 1,
    input,
    cold: cold.map(withoutRequests),
    warm: warm.map(withoutRequests),
    secondLap: secondLap.map(withoutRequests),
    noise: noisePairs.map(withoutRequests),
    storedNoise: noise?.kind === "stored" ? noise.noise : null,
    cutShort: kept.cutShort,
    files,
  };
  await writeFile(join(folder, INPUT_FILE), `${JSON.stringify(written, null, 2)}\n`);
}

/** Reads it back. @throws COMPARE_EVIDENCE_INVALID */
export async function readKept(folder: string): Promise<KeptComparison> {
  const written = await readInput(folder);
  const [requests, noise, secondLap] = await Promise.all([
    readRequests(folder, REQUESTS_FILE, written),
    readRequests(folder, NOISE_FILE, written),
    readRequests(folder, SECOND_LAP_FILE, written),
  ]);
  return {
    input: {
      ...written.input,
      cold: written.cold.map((pair) => withRequests(pair, requests, "cold")),
      warm: written.warm.map((pair) => withRequests(pair, requests, "warm")),
      secondLap: written.secondLap.map((pair) => withRequests(pair, secondLap, "cold")),
      noise: noiseOf(written, noise),
    },
    cutShort: written.cutShort,
  };
}

type ByPlace = ReadonlyMap<string, readonly MeasuredRequest[]>;

function noiseOf({ noise, storedNoise }: KeptInput, requests: ByPlace): NoiseInput {
  if (storedNoise !== null) return { kind: "stored", noise: storedNoise };
  if (noise.length === 0) return null;
  return { kind: "pairs", pairs: noise.map((pair) => withRequests(pair, requests, "cold")) };
}

function linesOf({ a, b }: SegmentPair): string[] {
  return [...a.requests, ...b.requests].map((request) => `${JSON.stringify(request)}\n`);
}

function withoutRequests({ pair, order, a, b }: SegmentPair): KeptPair {
  return { pair, order, a: a.health, b: b.health };
}

function withRequests(kept: KeptPair, requests: ByPlace, phase: MeasuredRequest["phase"]): SegmentPair {
  const { pair, order } = kept;
  const of = (arm: "a" | "b") => ({
    health: kept[arm],
    requests: requests.get(placeOf(arm, pair, phase)) ?? [],
  });
  return { pair, order, a: of("a"), b: of("b") };
}

const placeOf = (arm: string, pair: number, phase: string): string => `${phase} ${pair} ${arm}`;

async function readInput(folder: string): Promise<KeptInput> {
  const text = await readFile(join(folder, INPUT_FILE), "utf8").catch(() => null);
  if (text === null)
    throw invalid(`There is no kept comparison in ${folder}.`, `a folder with ${INPUT_FILE}`, "none");
  try {
    const written = JSON.parse(text) as KeptInput;
    if (written.version === 1) return written;
  } catch {
    // Told below, like another version.
  }
  throw invalid(
    `${join(folder, INPUT_FILE)} is not one of this version.`,
    "JSON with version 1",
    "something else",
  );
}

async function readRequests(folder: string, name: string, { files }: KeptInput): Promise<ByPlace> {
  const expected = files[name];
  const byPlace = new Map<string, MeasuredRequest[]>();
  if (expected === undefined) return byPlace;
  const text = await readFile(join(folder, name), "utf8").catch(() => "");
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== expected)
    throw invalid(
      `${join(folder, name)} is not what was measured.`,
      `SHA-256 ${expected}`,
      `SHA-256 ${found}`,
    );
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const request = JSON.parse(line) as MeasuredRequest;
    const place = placeOf(request.arm, request.pair, request.phase);
    const known = byPlace.get(place);
    if (known === undefined) byPlace.set(place, [request]);
    else known.push(request);
  }
  return byPlace;
}

function invalid(message: string, expected: string, seen: string): GateError {
  return new GateError("COMPARE_EVIDENCE_INVALID", { message, expected, seen });
}
