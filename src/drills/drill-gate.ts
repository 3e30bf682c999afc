/**
 * The gate of a drill: a process of its own, started, watched, killed and stopped; looked at as its operator would.
 *
 * Always holds: it is found again and ended also where the drill itself was killed, by the note in its folder (`drill-folder.ts`).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { UploadRecord } from "../records/records.ts";
import { readSqliteRecords } from "../records/sqlite/read-sqlite-records.ts";
import type { Settings } from "../settings/settings.ts";
import { parseUploadId } from "../uploads/upload-id.ts";
import type { DrillFolder } from "./drill-folder.ts";
import { waitUntil } from "./wait-until.ts";

/** On a busy machine a start takes its time, and that is not what is drilled. */
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 4000;
const LOGGED_MS_MAX = 3000;
const ASK_MS_MAX = 3000;
const LOG_CHARS_MAX = 8 * 1024 * 1024;
const LISTED_MAX = 1000;

export interface DrillGateOptions {
  readonly folder: DrillFolder;
  readonly settings: Settings;
  /** Node with its options, and the program's main file. */
  readonly program: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** A command that runs the gate's command line, which follows; empty: none. */
  readonly within: readonly string[];
  readonly signal: AbortSignal;
}

/** What the gate says of its readiness. `parts` by name: whether it is well. */
export interface GateReadiness {
  readonly status: number;
  readonly parts: ReadonlyMap<string, boolean>;
}

export class DrillGate {
  readonly origin: string;
  readonly operatorOrigin: string;
  readonly settings: Settings;
  readonly #options: DrillGateOptions;
  #child: ChildProcess | null = null;
  #log = "";

  constructor(options: DrillGateOptions) {
    const { settings } = options;
    this.#options = options;
    this.settings = settings;
    this.origin = `http://127.0.0.1:${settings.listen.public.port}`;
    this.operatorOrigin = `http://127.0.0.1:${settings.listen.operator.port}`;
  }

  /** Starts it, or starts it again on the same data. @throws with its last words where it does not come up */
  async start(): Promise<void> {
    const { program, within, environment, folder, signal } = this.#options;
    const line = [...within, ...program, "serve", "--settings", folder.settingsFile];
    const [command = "", ...args] = line;
    // A group of its own: Ctrl-C is the drill's to handle, which then stops the gate in order.
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (bytes: Buffer) => {
        this.#log = (this.#log + bytes.toString()).slice(-LOG_CHARS_MAX);
      });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    failed.catch(() => {});
    const isUp = async () => {
      if (this.hasEnded) throw new Error(`The drill's gate does not start: ${lastLines(this.#log)}`);
      return (await this.#ask("/health/live"))?.status === 200 ? true : null;
    };
    if (child.pid !== undefined) await folder.noteGate(child.pid);
    const up = await Promise.race([waitUntil(isUp, READY_MS_MAX, signal), failed]);
    if (up === null) throw new Error(`The drill's gate is not up after ${READY_MS_MAX / 1000} s.`);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get hasEnded(): boolean {
    return this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** In order; after four seconds by force. Resolves when the process is gone. */
  async stop(): Promise<void> {
    const killer = setTimeout(() => this.#child?.kill("SIGKILL"), STOP_MS_MAX);
    await this.#end("SIGTERM");
    clearTimeout(killer);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || this.hasEnded || child.pid === undefined) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Whether a line with these words is logged: lines are written a little later than they are true. @param from as `logChars` told */
  async logs(words: string, from = 0): Promise<boolean> {
    const has = () => (this.#log.includes(words, from) ? true : null);
    return (await waitUntil(has, LOGGED_MS_MAX, this.#options.signal)) === true;
  }

  /** So long is the log by now. */
  get logChars(): number {
    return this.#log.length;
  }

  loggedSince(chars: number): string {
    return this.#log.slice(chars);
  }

  async readiness(): Promise<GateReadiness> {
    const answer = await this.#ask("/health/ready");
    const body = JSON.parse(answer?.text ?? "{}") as { parts?: { name: string; ok: boolean }[] };
    return {
      status: answer?.status ?? 0,
      parts: new Map((body.parts ?? []).map(({ name, ok }) => [name, ok])),
    };
  }

  async isAlive(): Promise<boolean> {
    return (await this.#ask("/health/live"))?.status === 200;
  }

  /** Values of its metrics by name, and by name with labels as they are written. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = (await this.#ask("/metrics"))?.text ?? "";
    const values = new Map<string, number>();
    for (const line of text.split("\n")) {
      const [, name = "", labels = "", value = ""] = /^([a-z_]+)(\{.*\})? (\S+)$/.exec(line) ?? [];
      if (name === "") continue;
      values.set(name, (values.get(name) ?? 0) + Number(value));
      if (labels !== "") values.set(name + labels, Number(value));
    }
    return values;
  }

  /** `null` where it has none. */
  async record(uploadId: string): Promise<UploadRecord | null> {
    const id = parseUploadId(uploadId);
    if (id === null) return null;
    const view = readSqliteRecords(this.settings.records.path);
    try {
      return await view.get(id);
    } finally {
      await view.close();
    }
  }

  async records(): Promise<readonly UploadRecord[]> {
    const view = readSqliteRecords(this.settings.records.path);
    try {
      return await view.list({ limit: LISTED_MAX });
    } finally {
      await view.close();
    }
  }

  /** Names of files in quarantine. @param root in front of the storage's path, where the gate sees another file system than we do */
  async quarantined(root = ""): Promise<readonly string[]> {
    const folder = join(root, this.settings.storage.path, "quarantine");
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  /** Runs a command of the program with the gate's settings, as its operator would. */
  async command(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly out: string }> {
    const { program, environment, folder } = this.#options;
    const [node = "", ...before] = program;
    const child = spawn(node, [...before, ...args, "--settings", folder.settingsFile], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      signal: this.#options.signal,
    });
    let out = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes: Buffer) => {
        out += bytes.toString();
      });
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { exitCode: exitCode ?? 1, out };
  }

  async #ask(path: string): Promise<{ readonly status: number; readonly text: string } | null> {
    try {
      const answer = await fetch(this.operatorOrigin + path, { signal: AbortSignal.timeout(ASK_MS_MAX) });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return null;
    }
  }
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-3).join(" · ");
}
