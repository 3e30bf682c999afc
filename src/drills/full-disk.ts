/**
 * A disk that is really full, for one gate process: a small file system in memory that only this process sees, or a limit on the size of files.
 *
 * Always holds: nothing is mounted where anybody else could see it, and nothing is left when the process is gone, however it ends: the mount is in
 * a namespace of its own, the limit is the process's own.
 */
import { execFile } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface FullDisk {
  /** How it is done, in a sentence. */
  readonly sentence: string;
  /** Runs the gate so that its disk can be filled: a command in front of its own. */
  readonly within: readonly string[];
  /** Whether the records are met by it, too. */
  readonly meetsRecords: boolean;
  /** In front of paths on the gate's disk, as we reach them. */
  root(pid: number): string;
  /** From now on nothing of a larger file can be written. */
  fill(pid: number): Promise<void>;
  /** There is room again. */
  empty(pid: number): Promise<void>;
}

const SIZE_MIB = 8;
const PROGRAM_DEADLINE_MS = 5000;
/** Everything larger fails, the records' own files among it. */
const FILE_BYTES_MAX = 4096;

/**
 * @param folder that becomes the small file system, absolute
 * @returns `null` where this machine lets us make none
 */
export async function makeFullDisk(folder: string): Promise<FullDisk | null> {
  const isRoot = process.getuid?.() === 0;
  const namespace = isRoot
    ? ["unshare", "--mount", "--propagation", "private"]
    : ["unshare", "--user", "--map-root-user", "--mount"];
  if (await works([...namespace, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/tmp"]))
    return smallFileSystem(namespace, folder);
  if (await works(["prlimit", "--pid", String(process.pid), "--fsize"])) return fileSizeLimit();
  return null;
}

async function works([command = "", ...args]: readonly string[]): Promise<boolean> {
  return run(command, args, { timeout: PROGRAM_DEADLINE_MS }).then(
    () => true,
    () => false,
  );
}

function smallFileSystem(namespace: readonly string[], folder: string): FullDisk {
  const mounting = `mount -t tmpfs -o size=${SIZE_MIB}m,mode=700 tmpfs "$1" && shift && exec "$@"`;
  const ballast = (pid: number): string => join(`/proc/${pid}/root`, folder, "ballast");
  return {
    sentence: `The gate's storage was a file system of ${SIZE_MIB} MiB in memory, which was filled to the last byte (ENOSPC).`,
    meetsRecords: false,
    within: [...namespace, "sh", "-c", mounting, "sh", folder],
    root: (pid) => `/proc/${pid}/root`,
    fill: async (pid) => fillUp(ballast(pid)),
    empty: async (pid) => rm(ballast(pid), { force: true }),
  };
}

/** Writes until there is no room, at most twice what the file system holds. */
async function fillUp(path: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  const block = Buffer.alloc(64 * 1024, 0xdd);
  try {
    for (let written = 0; written < SIZE_MIB * 2 * 1024 * 1024; written += block.length)
      await file.write(block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    await fillPages(file);
  } finally {
    await file.close();
  }
}

async function fillPages(file: Awaited<ReturnType<typeof open>>): Promise<void> {
  try {
    for (;;) await file.write(Buffer.alloc(512, 0xdd));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

/** Node ignores SIGXFSZ, so that a write beyond the limit fails with EFBIG and nothing else happens. @see setrlimit(2), RLIMIT_FSIZE */
function fileSizeLimit(): FullDisk {
  const limit = async (pid: number, bytes: string): Promise<void> => {
    await run("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`], { timeout: PROGRAM_DEADLINE_MS });
  };
  return {
    sentence: `This machine lets nobody mount a small file system here; in its place the gate could write no file beyond ${FILE_BYTES_MAX} bytes (EFBIG), which it meets as a write that fails.`,
    meetsRecords: true,
    within: [],
    root: () => "",
    fill: (pid) => limit(pid, String(FILE_BYTES_MAX)),
    empty: (pid) => limit(pid, "unlimited"),
  };
}
