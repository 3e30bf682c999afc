/**
 * The gate under measurement: `sluicegate serve` with settings and flows of the bench's own.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, type Server, startServer } from "./server.ts";

const run = promisify(execFile);

/** One flow of the bench. */
export interface BenchFlow {
  readonly name: string;
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly protocol: "raw" | "multipart";
  readonly deliver: "forward" | "receipt";
  readonly mode: "observe" | "enforce";
  /** As written in a flow file: `any` or `[image/png]`. */
  readonly types: string;
  /** Further lines of the flow file, and what stands in `permissions` where it is not `{ caller: public }`. */
  readonly permissions?: string;
  readonly lines?: string;
}

export interface GateOptions {
  /** Records, quarantine and store lie below it. */
  readonly folder: string;
  readonly upstreamPort: number;
  readonly flows: readonly BenchFlow[];
  /** Flags of Node, and the program. */
  readonly arguments: readonly string[];
  /** What stands in the settings' `signals`; default: what holds where nothing is written. */
  readonly signals?: string;
  /** Asked to make an API key before the gate starts: Node's arguments for that. */
  readonly keyArguments?: readonly string[];
}

/** A gate, and the API key that was made for it. */
export interface GateServer extends Server {
  readonly apiKey: string | null;
}

/** Starts a gate in front of a service, with its log going to a file as in production. */
export async function startGate(options: GateOptions): Promise<GateServer> {
  const { folder, upstreamPort, flows, signals = "{}" } = options;
  const port = await freePort();
  const operatorPort = await freePort();
  const home = join(folder, `gate-${port}`);
  writeSettings(home, upstreamPort, signals);
  for (const flow of flows) writeFlow(home, flow);
  const listen = ["--listen", `127.0.0.1:${port}`, "--operator", `127.0.0.1:${operatorPort}`];
  const apiKey = options.keyArguments === undefined ? null : await makeApiKey(options.keyArguments, home);
  const server = await startServer({
    name: "gate",
    command: process.execPath,
    args: [...options.arguments, "serve", "--settings", join(home, "sluicegate.yaml"), ...listen],
    port,
    folder: home,
    isReady: () => isReady(operatorPort),
  });
  return { ...server, apiKey };
}

async function makeApiKey(nodeArguments: readonly string[], home: string): Promise<string> {
  const settings = ["--settings", join(home, "sluicegate.yaml")];
  const { stdout } = await run(process.execPath, [...nodeArguments, "key", "add", "bench", ...settings]);
  return stdout.trim();
}

function writeSettings(home: string, upstreamPort: number, signals: string): void {
  mkdirSync(join(home, "flows"), { recursive: true });
  const settings = `flows: flows/
upstreams:
  service: { url: "http://127.0.0.1:${upstreamPort}", pass-through: true, timeout: 120s }
records: { driver: sqlite, path: data/records.sqlite }
storage: { driver: disk, path: data }
receipts: { issuer: "http://127.0.0.1:8080", keys: data/keys }
signals: ${signals}
`;
  writeFileSync(join(home, "sluicegate.yaml"), settings);
}

function writeFlow(home: string, flow: BenchFlow): void {
  const folder = join(home, "flows", flow.name);
  mkdirSync(folder, { recursive: true });
  const text = `flow: ${flow.name}
summary: Uploads of the bench
owner: bench <bench@example.com>
mode: ${flow.mode}
route: { method: ${flow.method}, path: "${flow.path}", protocols: [${flow.protocol}] }
accept:
  files:
    file: { types: ${flow.types}, max-size: 8 GiB }
permissions: ${flow.permissions ?? "{ caller: public }"}
deliver: ${flow.deliver}
upstream: service
${flow.lines ?? ""}
`;
  writeFileSync(join(folder, "flow.yaml"), text);
}

async function isReady(operatorPort: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${operatorPort}/health/ready`, {
      signal: AbortSignal.timeout(2000),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
