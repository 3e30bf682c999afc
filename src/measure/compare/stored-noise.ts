/**
 * What A beside itself has shown, kept for a day: `.sluicegate/noise/KEY.json`, where the key stands for everything that it was measured with.
 *
 * Always holds: another fingerprint (the load is in it) or target is another key; what cannot be read counts as not there.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredNoise } from "../judge/judge-input.ts";
import type { Fingerprint } from "../measurement.ts";

const KEPT_MS = 24 * 60 * 60 * 1000;

export interface NoiseKey {
  readonly flow: string;
  readonly target: string;
  readonly fingerprint: Fingerprint;
}

/** @returns `null` where there is none of the last 24 hours */
export async function readNoise(folder: string, key: NoiseKey, nowMs: number): Promise<StoredNoise | null> {
  const text = await readFile(fileOf(folder, key), "utf8").catch(() => null);
  if (text === null) return null;
  const noise = parsed(text);
  if (noise === null) return null;
  const age = nowMs - noise.measuredAtMs;
  return age >= 0 && age <= KEPT_MS ? noise : null;
}

export async function writeNoise(folder: string, key: NoiseKey, noise: StoredNoise): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(fileOf(folder, key), `${JSON.stringify(noise)}\n`);
}

function parsed(text: string): StoredNoise | null {
  try {
    const noise = JSON.parse(text) as Partial<StoredNoise>;
    const isWhole = Array.isArray(noise.changes) && noise.changes.every(Number.isFinite);
    return isWhole && typeof noise.measuredAtMs === "number" ? (noise as StoredNoise) : null;
  } catch {
    return null;
  }
}

function fileOf(folder: string, { flow, target, fingerprint }: NoiseKey): string {
  const values = Object.entries(fingerprint.values).toSorted(([a], [b]) => a.localeCompare(b));
  const about = JSON.stringify([flow, target, values]);
  return join(folder, `${createHash("sha256").update(about).digest("hex").slice(0, 32)}.json`);
}
