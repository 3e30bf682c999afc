/**
 * The machine: processors, memory, and what a container allows of them. Of a target elsewhere only the machine that sends is known.
 */
import { readFile } from "node:fs/promises";
import { cpus, platform, release, totalmem } from "node:os";
import { formatSize } from "../../setup/size.ts";

type HostFacts = Readonly<Record<string, string | null>>;

/** @param origin of the target. Keys `host.…` are the target's: `null` where it is another machine, whose sender is told as `sender.…` */
export async function hostFacts(origin: string): Promise<HostFacts> {
  const own: HostFacts = {
    cpu: cpus()[0]?.model.trim() ?? null,
    cores: String(cpus().length),
    memory: formatSize(Math.round(totalmem() / GIB) * GIB),
    system: `${platform()} ${release()}`,
    "cpu-limit": await cgroup("cpu.max"),
    "memory-limit": await cgroup("memory.max"),
  };
  if (isThisMachine(origin)) return named("host", own);
  return { "host.cpu": null, "host.cores": null, "host.memory": null, ...named("sender", own) };
}

const GIB = 1024 ** 3;

function named(prefix: string, facts: HostFacts): HostFacts {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`${prefix}.${name}`, value]));
}

function isThisMachine(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}

/** Limits of control groups, version 2, of this process; `none` where there is such a file without a limit. @see https://docs.kernel.org/admin-guide/cgroup-v2.html */
async function cgroup(file: string): Promise<string | null> {
  const own = await text("/proc/self/cgroup");
  const path = /^0::(\S+)/m.exec(own ?? "")?.[1] ?? "/";
  const found = (await text(`/sys/fs/cgroup${path}/${file}`)) ?? (await text(`/sys/fs/cgroup/${file}`));
  if (found === null) return null;
  return found.startsWith("max") ? "none" : found;
}

async function text(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    return null;
  }
}
