/**
 * Faults that are really made on a gate under test, for the checks of failures: the service gone or broken, the disk full or read-only, the
 * records locked, the policy broken, the process killed.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import type { Fault, Hooks } from "../src/checks/hooks.ts";
import type { CheckedFlow } from "./checked-callers.ts";
import type { CheckedRoutes } from "./checked-routes.ts";

const run = promisify(execFile);
/** Room for some of the largest uploads. */
const DISK_MIB = 12;

/** A small file system of its own, in memory. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async mount(): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), "sluicegate-disk-"));
    await run("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", folder]);
    await mkdir(join(folder, "store"));
    return new SmallDisk(folder);
  }

  /** Where a gate stores. */
  get storage(): string {
    return join(this.folder, "store");
  }

  full(): Fault {
    const ballast = join(this.folder, "ballast");
    return {
      // It ends with an error, as is meant: when not one byte more fits.
      inject: () => run("sh", ["-c", `cat /dev/zero > ${ballast} || true`]).then(() => {}),
      heal: () => rm(ballast),
    };
  }

  readOnly(): Fault {
    const remount = (how: string) => run("mount", ["-o", `remount,${how}`, this.folder]).then(() => {});
    return { inject: () => remount("ro"), heal: () => remount("rw") };
  }

  async unmount(): Promise<void> {
    await run("umount", [this.folder]);
    await rm(this.folder, { recursive: true });
  }
}

/** Faults of a route: on its own flow, and on everything that it shares with others. */
export function realFaults(
  routes: CheckedRoutes,
  disk: SmallDisk,
  flow: CheckedFlow,
): NonNullable<Hooks["faults"]> {
  const nextUpload = (how: string): Fault => ({
    inject: () => routes.service.fail(how),
    heal: async () => {},
  });
  return {
    "service-down": { inject: () => routes.service.stop(), heal: () => routes.restartService() },
    "service-500": nextUpload("500"),
    "service-resets": nextUpload("reset"),
    "service-rubbish": nextUpload("rubbish"),
    "service-silent": nextUpload("silence"),
    "storage-full": disk.full(),
    "storage-read-only": disk.readOnly(),
    "records-locked": lockedRecords(routes),
    "policy-broken": policy(routes, flow, (text) => text.replace("mode: enforce", "mode: enforced")),
    "policy-empty": policy(routes, flow, () => ""),
    crash: {
      inject: async () => {
        routes.gate.signal("SIGKILL");
        await routes.gate.ended();
      },
      heal: () => routes.restartGate(),
    },
  };
}

/** Another process would do the same: this one has a connection of its own. */
function lockedRecords(routes: CheckedRoutes): Fault {
  let database: DatabaseSync | null = null;
  return {
    inject: async () => {
      database = new DatabaseSync(join(routes.gate.folder, "data/records.sqlite"), { timeout: 5000 });
      database.exec("BEGIN EXCLUSIVE");
    },
    heal: async () => {
      database?.exec("ROLLBACK");
      database?.close();
      database = null;
    },
  };
}

/** The flow's file is written anew, and the gate is told to read it. */
function policy(routes: CheckedRoutes, flow: CheckedFlow, change: (text: string) => string): Fault {
  const file = () => join(routes.gate.folder, `flows/checked-${flow}/flow.yaml`);
  let original = "";
  return {
    inject: async () => {
      original = await readFile(file(), "utf8");
      await writeFile(file(), change(original));
      routes.gate.signal("SIGHUP");
    },
    heal: async () => {
      await writeFile(file(), original);
      const { exitCode, err } = await routes.gate.run("reload");
      if (exitCode !== 0) throw new Error(`sluicegate reload: ${err}`);
    },
  };
}
