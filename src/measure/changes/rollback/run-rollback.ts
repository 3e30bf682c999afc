/**
 * Runs the command of a way back: by `sh -c`, in the flow's folder, with a deadline; what it prints is shown while it runs, and kept.
 *
 * Always holds: a deadline or Ctrl-C ends everything that the command has started, first politely; what it leaves running in the background on purpose does
 * not hold up the end. The command gets no input.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { GateError } from "../../../problems/gate-error.ts";

export interface RollbackRun {
  /** `null` where it was ended. */
  readonly exitCode: number | null;
  readonly ended: "deadline" | "interrupted" | "signal" | null;
  readonly elapsedMs: number;
}

export interface RunRollbackOptions {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly deadlineMs: number;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  readonly onOutput: (bytes: Buffer, to: "out" | "err") => void;
}

/** Between being asked to end and being ended. */
const POLITE_MS = 3_000;
/** So long after a command's end may its last output take. */
const OUTPUT_SETTLES_MS = 300;

/** @throws ROLLBACK_FAILED where no shell could be started in the folder */
export async function runRollback(command: string, options: RunRollbackOptions): Promise<RollbackRun> {
  const startedMs = performance.now();
  const child = spawn("sh", ["-c", command], {
    cwd: options.folder,
    env: options.environment,
    // A process group of its own, so that all of it can be ended.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.on("data", (bytes: Buffer) => options.onOutput(bytes, "out"));
  child.stderr.on("data", (bytes: Buffer) => options.onOutput(bytes, "err"));
  const ender = new Ender(child);
  const deadline = setTimeout(() => ender.end("deadline"), options.deadlineMs);
  const interrupt = (): void => ender.end("interrupted");
  options.signal.addEventListener("abort", interrupt, { once: true });
  try {
    const { exitCode, signal } = await endOf(child);
    const ended = ender.why ?? (signal === null ? null : "signal");
    return { exitCode: ended === null ? exitCode : null, ended, elapsedMs: performance.now() - startedMs };
  } finally {
    clearTimeout(deadline);
    ender.forget();
    options.signal.removeEventListener("abort", interrupt);
  }
}

interface End {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new GateError("ROLLBACK_FAILED", {
          message: `No shell could be started: ${cause.message}.`,
          cause,
        }),
      ),
    );
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
    // "close" waits for everybody who still holds the output, as a service does that was started again.
    child.once("exit", (exitCode, signal) => {
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ exitCode, signal });
      }, OUTPUT_SETTLES_MS);
    });
  });
}

class Ender {
  why: "deadline" | "interrupted" | null = null;
  readonly #child: ChildProcess;
  #last: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  end(why: "deadline" | "interrupted"): void {
    if (this.why !== null) return;
    this.why = why;
    this.#send(why === "deadline" ? "SIGTERM" : "SIGINT");
    this.#last = setTimeout(() => this.#send("SIGKILL"), POLITE_MS);
  }

  forget(): void {
    clearTimeout(this.#last);
    // Whoever of the group did not listen.
    if (this.why !== null) this.#send("SIGKILL");
  }

  #send(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}
