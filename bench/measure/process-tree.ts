/**
 * What a process and all its descendants have used, read from Linux's /proc.
 *
 * Always holds: descendants that have ended and were waited for count for CPU time, since their parent carries it (cutime, cstime).
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** USER_HZ: fixed at 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU in seconds since the processes began; the highest resident memory in bytes since the last reset, summed over the tree. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** @returns zero for a tree that is gone */
export function readUsage(rootPid: number): Usage {
  let cpuSeconds = 0;
  let peakBytes = 0;
  for (const pid of treeOf(rootPid)) {
    cpuSeconds += cpuTicks(pid) / TICKS_PER_SECOND;
    peakBytes += statusBytes(pid, "VmHWM");
  }
  return { cpuSeconds, peakBytes };
}

/** Makes the present resident memory the highest so far, so that the next reading is about what follows. */
export function resetPeak(rootPid: number): void {
  // "5" resets the peak resident set size: proc(5), /proc/pid/clear_refs.
  for (const pid of treeOf(rootPid)) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** The ids of a process and its descendants, parents first. */
export function treeOf(rootPid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = Number(statFields(pid)[1]);
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const tree = [rootPid];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []));
  return tree;
}

/** utime, stime, cutime and cstime are fields 14 to 17 of /proc/pid/stat: proc(5). */
function cpuTicks(pid: number): number {
  return statFields(pid)
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks), 0);
}

/** The fields of /proc/pid/stat from the third one on: the second is a name in brackets that may contain anything. */
function statFields(pid: number): string[] {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function statusBytes(pid: number, key: string): number {
  const kibibytes = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(readOrEmpty(`/proc/${pid}/status`))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

/** A process may end between being listed and being read. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
