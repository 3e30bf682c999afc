/**
 * What every row is given: how much to send, and folders to work in that are gone afterwards.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const SHARED_MEMORY = "/dev/shm";
/** tmpfs is memory: a run that took more than this share of what is free would measure the swapping of everything else. */
const MEMORY_SHARE_MAX = 0.4;

/** How the gate is started. */
export interface GateProgram {
  /** Path of what Node runs, from the root of the checkout or absolute. */
  readonly program: string;
  readonly nodeFlags: readonly string[];
}

export interface BenchOptions {
  /** Smaller bodies and one round: proves that the rows work. */
  readonly isQuick: boolean;
  /** The sizes of the promise: 5 GiB, and 64 times 256 MiB. */
  readonly isFull: boolean;
  /** Files on disk and not in memory. */
  readonly onDisk: boolean;
  readonly gate: GateProgram;
  /** The program of an earlier gate, to be measured beside this one; `null` for none. */
  readonly earlierProgram: string | null;
  /** Where CPU profiles of the gate go; none are taken where it is null. */
  readonly profileFolder: string | null;
}

export type Medium = "tmpfs" | "disk";

export interface Place {
  readonly folder: string;
  readonly medium: Medium;
}

/** Options, and the places that this run made. */
export class Bench {
  readonly options: BenchOptions;
  readonly cores = availableParallelism();
  readonly #folders = new Set<string>();

  constructor(options: BenchOptions) {
    this.options = options;
  }

  /** A new empty folder with room for so many bytes: in memory where they fit and nothing else was asked for. */
  makePlace(bytes: number): Place {
    const medium = !this.options.onDisk && fitsInMemory(bytes) ? "tmpfs" : "disk";
    const parent = medium === "tmpfs" ? SHARED_MEMORY : tmpdir();
    if (freeBytes(parent) < bytes)
      throw new Error(`${parent} has ${freeBytes(parent)} bytes free; this row needs ${bytes}`);
    const folder = mkdtempSync(join(parent, "sluicegate-bench-"));
    this.#folders.add(folder);
    return { folder, medium };
  }

  removePlace({ folder }: Place): void {
    rmSync(folder, { recursive: true, force: true });
    this.#folders.delete(folder);
  }

  /** Removes every place. For the end of the run, however it comes. */
  removeAll(): void {
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
    this.#folders.clear();
  }

  /** Node's flags and a gate's program, by itself the one under measurement. */
  programArguments(program: string = this.options.gate.program): readonly string[] {
    return [...this.options.gate.nodeFlags, resolve(ROOT, program)];
  }

  /** The arguments that start the gate for a row; profiles of it go to a folder of the row's name. */
  gateArguments(row: string): readonly string[] {
    const { gate, profileFolder } = this.options;
    const program = resolve(ROOT, gate.program);
    if (profileFolder === null) return this.programArguments();
    const folder = resolve(profileFolder, row);
    mkdirSync(folder, { recursive: true });
    return [
      ...gate.nodeFlags,
      "--cpu-prof",
      "--cpu-prof-interval",
      "5000",
      "--cpu-prof-dir",
      folder,
      program,
    ];
  }
}

/** Removes the large files that servers stored below a folder, so that repeated rounds need the room of one. */
export function removeLargeFiles(folder: string, fromBytes: number): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry?.isFile() === true && entry.size >= fromBytes && !name.includes(".sqlite"))
      rmSync(path, { force: true });
  }
}

function fitsInMemory(bytes: number): boolean {
  try {
    return freeBytes(SHARED_MEMORY) > bytes && bytes < freemem() * MEMORY_SHARE_MAX;
  } catch {
    return false;
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
