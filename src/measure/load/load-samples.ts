/**
 * The files that a load is made of: every sample of the flow that its route must take, or the one that the control upload is made of.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Target } from "../../checks/check.ts";
import { readSample, typeByName } from "../../checks/targets/sample-files.ts";
import type { FileRule, Flow } from "../../flows/flow.ts";
import { digestOf } from "./digest-of.ts";
import type { LoadFile, LoadSample } from "./load-route.ts";

/** More of them would only be more to keep in memory. */
const SAMPLES_MAX = 20;
const SAMPLE_BYTES_MAX = 256 * 1024 * 1024;

/** @param mark what stands in front of the control's name, and is put there again by whoever sends */
export async function loadSamples(flow: Flow, target: Target, mark: string): Promise<readonly LoadSample[]> {
  const { control, field, sizeBytesMax } = target.file;
  const others = (target.otherFiles ?? []).map((file): LoadFile => {
    return {
      ...file,
      name: unmarked(file.name, mark),
      sizeBytesMax: flow.files.get(file.field)?.sizeBytesMax ?? 0,
    };
  });
  const found = flow.verify?.samples.has(field) === true ? [] : await samplesIn(flow, field);
  const own: LoadFile = { ...control, field, name: unmarked(control.name, mark), sizeBytesMax };
  const firsts = found.length > 0 ? found : [own];
  return firsts.map((first) => sampleOf([first, ...others]));
}

/** One digest for all of them. */
export function payloadSetOf(samples: readonly LoadSample[]): string {
  return shortDigest(samples.map(({ digest }) => Buffer.from(digest)));
}

const unmarked = (name: string, mark: string): string =>
  name.startsWith(`${mark}-`) ? name.slice(mark.length + 1) : name;

async function samplesIn({ folder, files }: Flow, field: string): Promise<readonly LoadFile[]> {
  const rule = files.get(field);
  if (rule === undefined) return [];
  const samples = join(folder, "samples");
  const entries = await readdir(samples, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && isOfType(rule, entry.name))
    .map(({ name }) => name)
    .sort();
  const found: LoadFile[] = [];
  let bytes = 0;
  for (const name of names) {
    const path = join(samples, name);
    const { size } = await stat(path);
    bytes += size;
    if (size === 0 || size > rule.sizeBytesMax || bytes > SAMPLE_BYTES_MAX) continue;
    found.push({ ...(await readSample(path)), field, sizeBytesMax: rule.sizeBytesMax });
    if (found.length === SAMPLES_MAX) break;
  }
  return found;
}

function isOfType({ types }: FileRule, name: string): boolean {
  return types === "any" || types.includes(typeByName(name)?.mediaType ?? "");
}

function sampleOf(files: readonly LoadFile[]): LoadSample {
  return { files, digest: shortDigest(files.map(({ bytes }) => bytes)) };
}

const shortDigest = (parts: readonly Uint8Array[]): string => digestOf(parts).slice(0, 16);
