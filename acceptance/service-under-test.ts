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

/** A request as the service itself tells of it: nothing of it is unseen. */
export interface ArrivedRequest extends ReceivedUpload {
  readonly headers: NonNullable<ReceivedUpload["headers"]>;
}

export interface ServiceUnderTest {
  readonly origin: string;
  /** Every request that arrived, in order. */
  received(): Promise<readonly ArrivedRequest[]>;
  clear(): Promise<void>;
  /** Lets the next uploads go wrong after they were taken: by a status, `reset`, `rubbish`, `half`, `silence`; or late: `slow`, `later`. */
  fail(how: string, times?: number): Promise<void>;
  /** Lets one answer go that was to come later. */
  answerNow(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** @param port where it listens; default: a free one. */
export async function startService(port?: number): Promise<ServiceUnderTest> {
  return launchService(port ?? (await freePort()));
}

async function launchService(port: number): Promise<ServiceUnderTest> {
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
    received: async () => (await (await fetch(`${origin}/received`)).json()) as ArrivedRequest[],
    clear: async () => {
      await (await fetch(`${origin}/received`, { method: "DELETE" })).arrayBuffer();
    },
    fail: async (how, times = 1) => {
      await (await fetch(`${origin}/fail?how=${how}&times=${times}`, { method: "POST" })).arrayBuffer();
    },
    answerNow: async () => {
      await (await fetch(`${origin}/next`, { method: "POST" })).arrayBuffer();
    },
    signal: (name) => void child.process.kill(name),
    stop: () => child.stop(),
  };
}
