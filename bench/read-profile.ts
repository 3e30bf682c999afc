/**
 * Says where CPU time went, from the profiles that `npm run bench -- --profile DIR` leaves: one section a thread.
 *
 *   node bench/read-profile.ts DIR_OR_FILE [lines, default 30]
 *
 * Self time is a function's own; total time is that of everything it called too. By module, time in Node itself and in native code
 * counts for the module that called it. Idle time is left out.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A node of the profile format of the Chrome DevTools protocol, `Profiler.ProfileNode`. */
interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas: readonly number[];
}

interface Times {
  self: number;
  total: number;
}

const ROOT = join(import.meta.dirname, "..");
const NOT_WORK: ReadonlySet<string> = new Set(["(idle)", "(root)"]);

const [path = ".", linesText = "30"] = process.argv.slice(2);
for (const file of profilesOf(path)) {
  const profile = JSON.parse(readFileSync(file, "utf8")) as Profile;
  printProfile(file, profile, Number(linesText));
}

function profilesOf(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".cpuprofile")).map((name) => join(path, name));
}

function printProfile(file: string, profile: Profile, lines: number): void {
  const selfById = selfTimes(profile);
  const functions = new Map<string, Times>();
  const modules = new Map<string, number>();
  addTimes(profile, selfById, functions, modules);
  const busy = [...modules.values()].reduce((sum, time) => sum + time, 0);
  console.log(`\n── ${file}: ${(busy / 1e6).toFixed(2)} s busy`);
  const bySelf = [...functions].sort(([, left], [, right]) => right.self - left.self);
  console.log("  by self time");
  for (const [name, { self, total }] of bySelf.slice(0, lines)) printLine(name, self, total, busy);
  const byTotal = [...functions].sort(([, left], [, right]) => right.total - left.total);
  console.log("  by total time");
  for (const [name, { self, total }] of byTotal.slice(0, lines)) printLine(name, self, total, busy);
  console.log("  by module");
  const byModule = [...modules].sort(([, left], [, right]) => right - left);
  for (const [name, self] of byModule.slice(0, lines))
    console.log(`    ${percent(self, busy)}          ${name}`);
}

function printLine(name: string, self: number, total: number, busy: number): void {
  console.log(`    ${percent(self, busy)} ${percent(total, busy)}   ${name}`);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`.padStart(7);
}

function selfTimes({ samples, timeDeltas }: Profile): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries())
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0));
  return times;
}

/** Walks the tree of calls; a function that calls itself counts once in its own total. */
function addTimes(
  { nodes }: Profile,
  selfById: ReadonlyMap<number, number>,
  functions: Map<string, Times>,
  modules: Map<string, number>,
): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const open = new Set<string>();
  const [root] = nodes;
  if (root !== undefined) walk(root, "Node itself");

  function walk(node: ProfileNode, caller: string): number {
    const module = moduleOf(node) ?? caller;
    const name = nameOf(node);
    const self = NOT_WORK.has(node.callFrame.functionName) ? 0 : (selfById.get(node.id) ?? 0);
    const isOuter = !open.has(name);
    open.add(name);
    let total = self;
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) total += walk(child, module);
    }
    const times = functions.get(name) ?? { self: 0, total: 0 };
    times.self += self;
    if (isOuter) {
      times.total += total;
      open.delete(name);
    }
    functions.set(name, times);
    modules.set(module, (modules.get(module) ?? 0) + self);
    return total;
  }
}

function nameOf({ callFrame }: ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame;
  const where = url === "" ? "" : ` ${shortUrl(url)}:${lineNumber + 1}`;
  return `${functionName || "(anonymous)"}${where}`;
}

/** The file of a function, or its package; null for what belongs to whoever called it. */
function moduleOf({ callFrame }: ProfileNode): string | null {
  const { url, functionName } = callFrame;
  if (functionName === "(garbage collector)" || functionName === "(program)") return functionName;
  if (url === "" || url.startsWith("node:") || url.startsWith("wasm:")) return null;
  const short = shortUrl(url);
  return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(short)?.[1] ?? short;
}

function shortUrl(url: string): string {
  return url.replace("file://", "").replace(`${ROOT}/`, "");
}
