/**
 * Faults of the machine for a gate under test: the library that is preloaded, and small file systems that are really full or read-only.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Switches of a gate that runs with the library. */
export interface MachineFaults {
  /** Environment of the gate. */
  readonly env: NodeJS.ProcessEnv;
  /** From now on syncs fail with EIO, of files whose path has these words in it; `null`: of none. */
  failSyncs(words: string | null): Promise<void>;
  /** Sets the gate's wall clock off by so many seconds. */
  jumpClock(seconds: number): Promise<void>;
}

let built: Promise<string> | null = null;

/** Builds the library, once a test process. */
async function buildLibrary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-faults-"));
  process.once("exit", () => void rm(folder, { recursive: true, force: true }));
  const library = join(folder, "faults.so");
  await run("gcc", ["-shared", "-fPIC", "-O2", "-o", library, join(import.meta.dirname, "faults.c"), "-ldl"]);
  return library;
}

/** Faults for one gate. */
export async function machineFaults(t: TestContext): Promise<MachineFaults> {
  built ??= buildLibrary();
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-switches-"));
  t.after(() => rm(folder, { recursive: true }));
  const [sync, clock] = [join(folder, "sync"), join(folder, "clock")];
  return {
    env: { LD_PRELOAD: await built, FAULT_SYNC: sync, FAULT_CLOCK: clock },
    failSyncs: (words) => (words === null ? rm(sync, { force: true }) : writeFile(sync, words)),
    jumpClock: (seconds) => writeFile(clock, String(seconds)),
  };
}

/** A file system of its own in memory. */
export interface SmallDisk {
  /** A folder on it. */
  readonly folder: string;
  /** Takes all the room that is left. */
  fill(): Promise<void>;
  /** Gives it back. */
  empty(): Promise<void>;
  remount(how: "ro" | "rw"): Promise<void>;
  /** After whoever uses it has stopped. */
  unmount(): Promise<void>;
}

/** Mounts one; `unmount` must be called in the end. */
export async function mountSmallDisk(sizeMiB: number): Promise<SmallDisk> {
  const mount = await mkdtemp(join(tmpdir(), "sluicegate-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", mount]);
  const folder = join(mount, "data");
  const ballast = join(mount, "ballast");
  await mkdir(folder);
  return {
    folder,
    fill: async () => void (await run("sh", ["-c", `cat /dev/zero > ${ballast} 2>&1 || true`])),
    empty: () => rm(ballast, { force: true }),
    remount: async (how) => void (await run("mount", ["-o", `remount,${how}`, mount])),
    unmount: async () => {
      await run("umount", ["-l", mount]);
      await rm(mount, { recursive: true });
    },
  };
}
