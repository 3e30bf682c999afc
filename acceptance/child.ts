/**
 * A program started for a test: its output is kept, and it is gone when the test is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export class Child {
  readonly process: ChildProcess;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  readonly #name: string;
  #output = "";

  constructor(
    name: string,
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.#name = name;
    this.process = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    this.ended = once(this.process, "exit").then(() => {});
    this.process.stdout?.on("data", (bytes) => this.#keep(bytes));
    this.process.stderr?.on("data", (bytes) => this.#keep(bytes));
  }

  /** Everything that it has written so far. */
  get output(): string {
    return this.#output;
  }

  #keep(bytes: Buffer): void {
    this.#output += bytes.toString();
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Asks `isReady` again and again until it says so. @throws with the program's output where it ends first, or after 20 seconds. */
  async untilReady(isReady: () => Promise<boolean>): Promise<void> {
    const givesUpAt = performance.now() + 20_000;
    while (!(await isReady().catch(() => false))) {
      if (this.hasEnded) throw new Error(`${this.#name} has ended:\n${this.#output}`);
      if (performance.now() > givesUpAt)
        throw new Error(`${this.#name} is not ready after 20 s:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.process.kill("SIGTERM");
    const killer = setTimeout(() => this.process.kill("SIGKILL"), 5000);
    await this.ended;
    clearTimeout(killer);
  }
}

/** Asks an HTTP URL whether it answers with a 2xx. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.ok;
}
