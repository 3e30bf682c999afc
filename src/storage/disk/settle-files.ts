/**
 * Syncs files that were written without it.
 */
import { open } from "node:fs/promises";
import type { GateError } from "../../problems/gate-error.ts";
import { isMissing, toReadError, toWriteError } from "./disk-errors.ts";

/** Syncs at once: libuv has four threads for files, and uploads that are arriving need some of them. */
const SYNCS_AT_ONCE = 2;

/**
 * Makes the bytes of all files durable; not their names.
 * @returns STORAGE_OBJECT_MISSING where one of them is not there, after all the others are done; else `null`.
 * @throws STORAGE_WRITE_FAILED, STORAGE_FULL
 */
export async function settleFiles(paths: readonly string[]): Promise<GateError | null> {
  const rest = [...new Set(paths)];
  let missing: GateError | null = null;
  const worker = async () => {
    for (let path = rest.pop(); path !== undefined; path = rest.pop())
      missing = (await settleFile(path)) ?? missing;
  };
  await Promise.all(Array.from({ length: SYNCS_AT_ONCE }, worker));
  return missing;
}

async function settleFile(path: string): Promise<GateError | null> {
  try {
    const file = await open(path, "r");
    await file.datasync().finally(() => file.close());
    return null;
  } catch (error) {
    if (isMissing(error)) return toReadError(error);
    throw toWriteError(error);
  }
}
