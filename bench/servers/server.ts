/**
 * A server under measurement: a child process that listens on loopback, with a folder of its own.
 *
 * Always holds: every process started here is ended by `stop`, or by `stopAll` when the run ends in any way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { readUsage, resetPeak, treeOf, type Usage } from "../measure/process-tree.ts";

const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 20_000;
/** A server counts as idle when it uses less than this share of a core over one look. */
const IDLE_SHARE = 0.05;
/** Longer than the gate waits before it brings small files to rest in its store. */
const IDLE_LOOK_MS = 700;
const IDLE_MS_MAX = 20_000;

export interface Server {
  readonly name: string;
  readonly port: number;
  readonly usage: () => Usage;
  /** Begins a measurement: the peak of memory is counted from here. */
  readonly resetPeak: () => void;
  /** Resolves when what the server does after its last answer is done, since that is its work too. */
  readonly idle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** Where its log goes. */
  readonly folder: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Beyond the open port: whether it is ready for requests. */
  readonly isReady?: () => Promise<boolean>;
}

const running = new Set<ChildProcess>();

/** Starts a server and waits until it answers. @throws with the end of its log where it does not */
export async function startServer(program: Program): Promise<Server> {
  const { name, port, folder } = program;
  const logPath = join(folder, `${name}-${port}.log`);
  const log = openSync(logPath, "w");
  const child = spawn(program.command, program.args, {
    cwd: program.cwd ?? folder,
    env: { ...process.env, ...program.env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.once("error", () => running.delete(child));
  await untilReady(program, child, logPath);
  const pid = child.pid ?? 0;
  return {
    name,
    port,
    usage: () => readUsage(pid),
    resetPeak: () => resetPeak(pid),
    idle: () => untilIdle(pid),
    stop: () => stopChild(child),
  };
}

/** Kills whatever is left. For the end of the run, however it comes. */
export function stopAll(): void {
  for (const child of running) killTree(child);
}

/** nginx's workers outlive a master that is killed. */
function killTree({ pid }: ChildProcess): void {
  for (const id of pid === undefined ? [] : treeOf(pid).reverse()) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilReady(program: Program, child: ChildProcess, logPath: string): Promise<void> {
  const giveUpAtMs = Date.now() + READY_MS_MAX;
  let failure: string | null = null;
  child.once("error", (error) => {
    failure = error.message;
  });
  while (
    Date.now() < giveUpAtMs &&
    failure === null &&
    child.exitCode === null &&
    child.signalCode === null
  ) {
    if ((await isOpen(program.port)) && ((await program.isReady?.()) ?? true)) return;
    await wait(50);
  }
  killTree(child);
  const tail = readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-15).join("\n");
  throw new Error(`${program.name} did not start${failure === null ? "" : ` (${failure})`}:\n${tail}`);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function untilIdle(pid: number): Promise<void> {
  const giveUpAtMs = Date.now() + IDLE_MS_MAX;
  let before = readUsage(pid).cpuSeconds;
  while (Date.now() < giveUpAtMs) {
    await wait(IDLE_LOOK_MS);
    const now = readUsage(pid).cpuSeconds;
    if (now - before < (IDLE_SHARE * IDLE_LOOK_MS) / 1000) return;
    before = now;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const late = setTimeout(() => killTree(child), STOP_MS_MAX);
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
  clearTimeout(late);
}
