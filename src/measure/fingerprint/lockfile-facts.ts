/**
 * Which packages are installed, as far as lockfiles at the top of the repository say it.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { digestOfFile } from "./digests.ts";

export const LOCKFILE_NAMES: readonly string[] = [
  "requirements.txt",
  "uv.lock",
  "poetry.lock",
  "pdm.lock",
  "Pipfile.lock",
  "pylock.toml",
  "package-lock.json",
];

/** A digest for each that is there; a lockfile that is not there is nothing that could not be seen. */
export async function lockfileFacts(root: string): Promise<Readonly<Record<string, string | null>>> {
  const names = await readdir(root).catch((): string[] => []);
  const found = LOCKFILE_NAMES.filter((name) => names.includes(name));
  const digests = await Promise.all(
    found.map(async (name) => [`lockfile.${name}`, await digestOfFile(join(root, name))] as const),
  );
  return Object.fromEntries(digests);
}
