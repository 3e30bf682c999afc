/**
 * Writes a file of a flow's folder whole: readers find the old one or the new one, never half of each.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes beside the file and renames over it, synced in between, so that a crash leaves one of the two whole. A file that was there keeps its owner and
 * permissions, and a symbolic link stays one; folders that are missing are made.
 * @throws what the file system throws
 */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const there = await realpath(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  });
  const target = there ?? file;
  await mkdir(dirname(target), { recursive: true });
  const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.new`);
  try {
    await writeLike(there, beside, bytes);
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

async function writeLike(original: string | null, beside: string, bytes: Uint8Array): Promise<void> {
  await using to = await open(beside, "wx", original === null ? 0o644 : 0o600);
  await to.writeFile(bytes);
  if (original !== null) {
    await using from = await open(original, "r");
    await copyOwnership(from, to);
  }
  await to.sync();
}

async function copyOwnership(from: FileHandle, to: FileHandle): Promise<void> {
  const wanted = await from.stat();
  const now = await to.stat();
  if (wanted.uid !== now.uid || wanted.gid !== now.gid) {
    // Only root may give a file away; for anybody else the new file is theirs, as with any editor.
    await to.chown(wanted.uid, wanted.gid).catch(() => {});
  }
  await to.chmod(wanted.mode & 0o7777);
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
