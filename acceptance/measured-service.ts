/**
 * The service of `fixtures/measured-service/` as it runs, switched from one way to be to another; and `sluicegate compare` run against it.
 */
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { PYTHON } from "./service-under-test.ts";

const ROOT = join(import.meta.dirname, "..");
const SERVICE = join(ROOT, "fixtures/measured-service");
const MAIN = join(ROOT, "src/cli/main.ts");

/** As `measured/variables.py` names them. */
export interface Variables {
  readonly commit?: string;
  readonly query?: "n-plus-one" | "join";
  readonly cache?: "none" | "told" | "silent";
  readonly sleep_ms?: number;
  readonly fail_percent?: number;
  readonly sheet_level?: number;
}

export class MeasuredService {
  readonly origin: string;
  readonly #child: Child;
  readonly #folder: string;

  constructor(origin: string, folder: string, child: Child) {
    this.origin = origin;
    this.#folder = folder;
    this.#child = child;
  }

  /** As at its start but for these, with empty caches. */
  async become(variables: Variables): Promise<void> {
    await post(`${this.origin}/reset`);
    await post(`${this.origin}/become`, variables);
  }

  /** As if traffic before had filled the cache of contact sheets so far. */
  async warm(percent: number): Promise<void> {
    await post(`${this.origin}/caches/sheets/warm?percent=${percent}`);
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function post(url: string, body: unknown = {}): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

export async function startMeasuredService(): Promise<MeasuredService> {
  const folder = await mkdtemp(join(tmpdir(), "measured-service-"));
  const port = await freePort();
  const args = ["-m", "uvicorn", "measured.app:app", "--port", String(port), "--http", "h11"];
  const child = new Child(
    "the measured service",
    PYTHON,
    [...args, "--no-access-log", "--log-level", "warning"],
    {
      cwd: SERVICE,
      env: { ...process.env, SERVICE_DATABASE: join(folder, "measured.sqlite") },
    },
  );
  const origin = `http://127.0.0.1:${port}`;
  await child
    .untilReady(() => answers(`${origin}/alive`))
    .catch(async (error: unknown) => {
      await child.stop();
      throw error;
    });
  return new MeasuredService(origin, folder, child);
}

/** What the tests look at of a `comparison.json`. */
export interface ToldComparison {
  readonly id: string;
  readonly verdict: string;
  readonly sentence: string;
  readonly reasons: readonly string[];
  readonly rows: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly cleared: readonly { readonly cache: string }[];
  readonly evidenceSha256: string;
}

export interface Compared {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder from which `sluicegate` runs, with the service's flow in it, apart from any repository. */
export class ComparePlace {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get flows(): string {
    return join(this.folder, "flows");
  }

  /** Replaces a part of the flow file. */
  async rewriteFlow(rewrite: (text: string) => string): Promise<void> {
    const file = join(this.flows, "pictures/flow.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, rewrite(text));
  }

  /** Runs a command; `interruptAt`: sends SIGINT when standard error has this in it. */
  run(
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; interruptAt?: string } = {},
  ): Promise<Compared> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      env: { ...process.env, SERVICE_PYTHON: PYTHON, PYTHONPATH: SERVICE, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err, isInterrupted] = ["", "", false];
    child.stdout.on("data", (bytes: Buffer) => {
      out += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      err += bytes.toString();
      if (options.interruptAt === undefined || isInterrupted || !err.includes(options.interruptAt)) return;
      isInterrupted = true;
      child.kill("SIGINT");
    });
    return new Promise((resolve) => child.once("close", (exitCode) => resolve({ exitCode, out, err })));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

export async function openComparePlace(): Promise<ComparePlace> {
  const folder = await mkdtemp(join(tmpdir(), "compare-place-"));
  await cp(join(SERVICE, "flows"), join(folder, "flows"), { recursive: true });
  return new ComparePlace(folder);
}
