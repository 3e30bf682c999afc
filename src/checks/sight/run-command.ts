/**
 * Runs a command that the flow names: by `sh -c`, in the flow's folder, with a deadline and a bound on what it prints.
 *
 * Always holds: the command runs in a process group of its own, so that Ctrl-C ends the run and not the command that undoes a fault, and a deadline
 * ends everything that it has started. Nothing secret is in an error.
 */
import { spawn, spawnSync } from "node:child_process";
import { GateError } from "../../problems/gate-error.ts";
import type { KeptSecrets } from "./kept-secrets.ts";

export interface CommandPlace {
  readonly folder: string;
  /** Added to the environment: `SLUICEGATE_CHECK_RUN`, `SLUICEGATE_CHECK_ORIGIN`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: KeptSecrets;
}

export interface CommandOptions {
  /** What it is for, in an error: `the hook log`. */
  readonly what: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;
const LINE_CHARS_MAX = 200;

/** What one run of a command gave. */
interface Ended {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly broke: "deadline" | "output" | null;
}

/** @returns what it prints. @throws CHECK_COMMAND_FAILED */
export async function runCommand(
  line: string,
  place: CommandPlace,
  options: CommandOptions,
): Promise<string> {
  const { deadlineMs = DEADLINE_MS, input = "" } = options;
  const ended = await start(line, place, { ...options, deadlineMs, input });
  const why = whyFailed(ended, deadlineMs);
  if (why === null) return ended.out;
  const said = lastLine(place.secrets.redact(ended.err));
  throw new GateError("CHECK_COMMAND_FAILED", {
    message: `The command of ${options.what} ${why}${said === "" ? "" : `: ${said}`}`,
  });
}

/** The same at once, without waiting, for a process that is about to end. Errors are passed over: nobody is left to be told. */
export function runCommandNow(line: string, place: CommandPlace, options: CommandOptions): void {
  spawnSync("sh", ["-c", line], {
    cwd: place.folder,
    env: environmentOf(place, options),
    timeout: options.deadlineMs ?? DEADLINE_MS,
    stdio: "ignore",
  });
}

function environmentOf({ variables }: CommandPlace, options: CommandOptions): NodeJS.ProcessEnv {
  return { ...process.env, ...variables, ...options.variables };
}

function start(
  line: string,
  place: CommandPlace,
  options: CommandOptions & { readonly deadlineMs: number; readonly input: string },
): Promise<Ended> {
  const child = spawn("sh", ["-c", line], {
    cwd: place.folder,
    env: environmentOf(place, options),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let broke: Ended["broke"] = null;
  const stop = (why: NonNullable<Ended["broke"]>): void => {
    broke ??= why;
    endGroup(child.pid);
  };
  const deadline = setTimeout(() => stop("deadline"), options.deadlineMs);
  const [out, err] = [new Gathered(OUTPUT_BYTES_MAX), new Gathered(ERROR_BYTES_MAX)];
  child.stdout.on("data", (bytes: Buffer) => {
    if (!out.add(bytes)) stop("output");
  });
  child.stderr.on("data", (bytes: Buffer) => err.addToEnd(bytes));
  // A command that reads nothing closes its input early.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => {
      clearTimeout(deadline);
      reject(
        new GateError("CHECK_COMMAND_FAILED", {
          message: `The command of ${options.what} could not be started in ${place.folder}.`,
          cause,
        }),
      );
    });
    // "close" waits for everybody who still holds its output; what runs on in the background must not hold up the check.
    child.once("exit", (exitCode, signal) => {
      setTimeout(() => {
        clearTimeout(deadline);
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ out: out.text(), err: err.text(), exitCode, signal, broke });
      }, OUTPUT_SETTLES_MS);
    });
    child.once("close", (exitCode, signal) => {
      clearTimeout(deadline);
      resolve({ out: out.text(), err: err.text(), exitCode, signal, broke });
    });
  });
}

/** So long after a command's end may its last output take. */
const OUTPUT_SETTLES_MS = 500;

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function whyFailed({ exitCode, signal, broke }: Ended, deadlineMs: number): string | null {
  if (broke === "deadline") return `was ended: it took longer than ${deadlineMs / 1000} s`;
  if (broke === "output") return `was ended: it printed more than ${OUTPUT_BYTES_MAX / 1024 / 1024} MiB`;
  if (signal !== null) return `was ended by ${signal}`;
  return exitCode === 0 ? null : `failed with exit code ${exitCode}`;
}

function lastLine(text: string): string {
  const line = text.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line;
}

/** Bytes up to a bound. */
class Gathered {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @returns whether it still fits */
  add(bytes: Buffer): boolean {
    this.#size += bytes.length;
    if (this.#size > this.#bytesMax) return false;
    this.#chunks.push(bytes);
    return true;
  }

  /** Keeps the end: the last line is the one that counts. */
  addToEnd(bytes: Buffer): void {
    const all = Buffer.concat([...this.#chunks, bytes]);
    this.#chunks = [all.subarray(Math.max(0, all.length - this.#bytesMax))];
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
