/**
 * The folder of one drill: everything that it makes on this machine is in it, and a note by which the next drill finds what a drill that was killed has
 * left: its gate, and the folder itself.
 *
 * Layout of `sluicegate-drill-XXXXXX/`: `drill.json` (the note), `sluicegate.yaml`, `flows/NAME/`, `data/` with
 * records and keys, `storage/`.
 * Always holds: only folders of our own user are looked at, and only processes whose command line names such a folder are ended.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeMode } from "../flows/change-mode.ts";
import type { Flow } from "../flows/flow.ts";

const PREFIX = "sluicegate-drill-";
const NOTE = "drill.json";

interface DrillNote {
  /** Of the drill's own process. */
  readonly pid: number;
  /** When that process began, as the system counts; `null` where it does not tell. */
  readonly began: string | null;
  readonly flow: string;
  readonly kind: string;
  /** In front of the names of everything that was sent. */
  readonly mark: string;
  readonly gatePids: readonly number[];
}

export class DrillFolder {
  readonly path: string;
  #note: DrillNote;

  private constructor(path: string, note: DrillNote) {
    this.path = path;
    this.#note = note;
  }

  static async make(flow: Flow, kind: string, mark: string): Promise<DrillFolder> {
    const path = await mkdtemp(join(tmpdir(), PREFIX));
    const note = {
      pid: process.pid,
      began: await beganAt(process.pid),
      flow: flow.name,
      kind,
      mark,
      gatePids: [],
    };
    const folder = new DrillFolder(path, note);
    await folder.#write();
    for (const name of ["data", "storage"]) await mkdir(join(path, name));
    await copyFlow(flow, join(path, "flows", flow.name));
    return folder;
  }

  get settingsFile(): string {
    return join(this.path, "sluicegate.yaml");
  }

  get flowsFolder(): string {
    return join(this.path, "flows");
  }

  async noteGate(pid: number): Promise<void> {
    this.#note = { ...this.#note, gatePids: [...this.#note.gatePids, pid] };
    await this.#write();
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  async #write(): Promise<void> {
    await writeFile(join(this.path, NOTE), `${JSON.stringify(this.#note)}\n`, { mode: 0o600 });
  }
}

/** The flow's file as it is but for the mode; everything that lies beside it is reached by a link. @throws FLOW_INVALID where it cannot be enforced */
async function copyFlow(flow: Flow, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const name of await readdir(flow.folder))
    if (name !== "flow.yaml") await symlink(join(flow.folder, name), join(into, name));
  const file = join(into, "flow.yaml");
  await writeFile(file, await readFile(join(flow.folder, "flow.yaml")));
  await changeMode(file, "enforce");
}

/**
 * Ends and removes what drills that are no more have left on this machine.
 * @returns what was removed, a sentence each
 */
export async function removeLeftovers(): Promise<readonly string[]> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  const told = await Promise.all(names.map((name) => removeLeftover(join(tmpdir(), name))));
  return told.filter((each) => each !== null);
}

async function removeLeftover(path: string): Promise<string | null> {
  const note = await readNote(path);
  if (note === null || (await isStillThere(note))) return null;
  let ended = 0;
  for (const pid of note.gatePids) if (await endIfOf(pid, path)) ended += 1;
  await rm(path, { recursive: true, force: true });
  const gate = ended === 0 ? "" : " and its gate, which still ran";
  return `Removed what an earlier drill (${note.flow}, ${note.kind}) had left, which did not come to its end: its folder${gate}. What it had sent may be left in the service; its names begin with ${note.mark}.`;
}

/** `null` where it is not ours, or no drill's. */
async function readNote(path: string): Promise<DrillNote | null> {
  try {
    if ((await stat(path)).uid !== process.getuid?.()) return null;
    return JSON.parse(await readFile(join(path, NOTE), "utf8")) as DrillNote;
  } catch {
    return null;
  }
}

async function isStillThere({ pid, began }: DrillNote): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return began === null || (await beganAt(pid)) === began;
}

/** A number that another process of the same id does not have. @see proc_pid_stat(5): starttime is field 22, after the name in parentheses */
async function beganAt(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

async function endIfOf(pid: number, path: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  if (!line.includes(path)) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
