/**
 * The real FastAPI service behind the gate: started, asked what it got, stopped.
 */
import { join } from "node:path";
import type { ReceivedUpload } from "../src/checks/check.ts";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";

const ROOT = join(import.meta.dirname, "..");

/** The interpreter with FastAPI in it: `SLUICEGATE_PYTHON`, else the checkout's own environment. */
export const PYTHON = process.env.SLUICEGATE_PYTHON ?? join(ROOT, ".venv/bin/python");

export interface ServiceUnderTest {
  readonly origin: string;
  /** Every request that arrived, in order. */
  received(): Promise<readonly ReceivedUpload[]>;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function startService(): Promise<ServiceUnderTest> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = [
    "-m",
    "uvicorn",
    "app:app",
    "--port",
    String(port),
    "--log-level",
    "warning",
    "--no-server-header",
  ];
  const child = new Child("the service", PYTHON, [...args, "--timeout-keep-alive", "60"], {
    cwd: join(import.meta.dirname, "service"),
  });
  await child.untilReady(() => answers(`${origin}/alive`));
  return {
    origin,
    received: async () => (await (await fetch(`${origin}/received`)).json()) as ReceivedUpload[],
    clear: async () => {
      await (await fetch(`${origin}/received`, { method: "DELETE" })).arrayBuffer();
    },
    stop: () => child.stop(),
  };
}
