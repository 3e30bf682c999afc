/**
 * The service of `acceptance/loaded-service/`, started and told how to go wrong; and `sluicegate measure` run against it in a folder of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { PYTHON } from "./service-under-test.ts";

const ROOT = join(import.meta.dirname, "..");
const SERVICE = join(import.meta.dirname, "loaded-service");
const MAIN = join(ROOT, "src/cli/main.ts");

export const LOADED_FLOW = join(SERVICE, "flows/photos");

export interface LoadedService {
  readonly origin: string;
  /** From the upload after so many on. */
  become(fault: "none" | "slow" | "wrong" | "dies", after?: number): Promise<void>;
  /** How many photos it has, and how many uploads reached it since its start. */
  counts(): Promise<{ readonly stored: number; readonly uploads: number }>;
  stop(): Promise<void>;
}

export async function startLoadedService(): Promise<LoadedService> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = ["-m", "uvicorn", "app:app", "--port", String(port), "--log-level", "warning"];
  const child = new Child("the loaded service", PYTHON, args, {
    cwd: SERVICE,
    env: { ...process.env, PYTHONPATH: join(ROOT, "python/src") },
  });
  await child.untilReady(() => answers(`${origin}/photos`));
  return {
    origin,
    become: async (fault, after = 0) => {
      const answer = await fetch(`${origin}/become?fault=${fault}&after=${after}`, { method: "POST" });
      if (!answer.ok) throw new Error(`/become: ${answer.status}`);
    },
    counts: async () =>
      (await (await fetch(`${origin}/photos`)).json()) as { stored: number; uploads: number },
    stop: () => child.stop(),
  };
}

export interface Measured {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder in which measurements are made, with the flow in it. */
export class MeasuringFolder {
  readonly path: string;
  readonly flow: string;

  constructor(path: string) {
    this.path = path;
    this.flow = join(path, "flows/photos");
  }

  async run(...args: readonly string[]): Promise<Measured> {
    const child = spawn(process.execPath, [MAIN, "measure", "photos", ...args], { cwd: this.path });
    let [out, err] = ["", ""];
    child.stdout.on("data", (bytes) => {
      out += String(bytes);
    });
    child.stderr.on("data", (bytes) => {
      err += String(bytes);
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out, err };
  }

  /** The two files of the newest measurement. */
  async newest(): Promise<{ readonly json: string; readonly lines: string }> {
    const root = join(this.path, ".sluicegate/measurements");
    const id = (await readdir(root)).sort().at(-1) ?? "";
    const [json, lines] = await Promise.all(
      ["measurement.json", "requests.ndjson"].map((name) => readFile(join(root, id, name), "utf8")),
    );
    return { json: json ?? "", lines: lines ?? "" };
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export async function makeMeasuringFolder(): Promise<MeasuringFolder> {
  const path = await mkdtemp(join(tmpdir(), "sluicegate-measuring-"));
  await cp(LOADED_FLOW, join(path, "flows/photos"), { recursive: true });
  return new MeasuringFolder(path);
}
