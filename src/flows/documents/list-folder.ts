/**
 * What lies in a folder of documents: regular files by the form of their name, and nothing that leads elsewhere.
 */
import { readdir } from "node:fs/promises";

/** Names in their order; none where there is no folder. Links and folders are left out: a document is a file of its own. */
export async function listFolder(folder: string, form: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() && form.test(entry.name))
    .map(({ name }) => name)
    .sort();
}
