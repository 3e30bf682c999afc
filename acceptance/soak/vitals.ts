/**
 * What a gate's process takes of the machine, as Linux counts it.
 */
import { readdir, readFile } from "node:fs/promises";

export interface Vitals {
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly quarantined: number;
}

/** @param pid of the gate's process. */
export async function readVitals(pid: number, quarantined: readonly string[]): Promise<Vitals> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (resident === undefined) throw new Error(`no VmRSS of process ${pid}`);
  return {
    residentBytes: Number(resident) * 1024,
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    quarantined: quarantined.length,
  };
}

/** One line for a person. */
export function sayVitals(label: string, { residentBytes, descriptors, quarantined }: Vitals): string {
  const megabytes = (residentBytes / 1e6).toFixed(0);
  return `${label}: ${megabytes} MB resident, ${descriptors} descriptors, ${quarantined} files in quarantine`;
}
