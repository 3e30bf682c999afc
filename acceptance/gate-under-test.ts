/**
 * The real gate as a process of its own, in a temporary folder with its own ports, settings and flows; reached over the wire and by its
 * command line, and by nothing else.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";

const ROOT = join(import.meta.dirname, "..");
const MAIN = join(ROOT, "src/cli/main.ts");

/** What the tests look at of a record that `sluicegate uploads --json` prints. */
export interface ListedUpload {
  readonly id: string;
  readonly flow: string;
  readonly state: string;
  readonly mode: string;
  readonly bytesReceived: number;
  readonly files: readonly {
    readonly key: string;
    readonly sha256: string;
    readonly verifiedType: string | null;
    readonly declaredName: string | null;
  }[];
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export interface GateOptions {
  readonly upstream: string;
  /** Names of folders below `acceptance/flows/`, or absolute paths of others. */
  readonly flows: readonly string[];
  /** Node and the program's main file; default: the Node that runs the test, and the sources. */
  readonly program?: readonly [node: string, main: string];
  readonly passThrough?: boolean;
  /** Absolute path of the storage; default: with the records. */
  readonly storage?: string;
  /** Absolute path of the records database; default: in the gate's folder. */
  readonly records?: string;
  /** Added to `limits`, as YAML: `idle: 1s`. */
  readonly limits?: string;
  /** Paths of a certificate and its key: then `origin` is https. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Added to the settings, as YAML lines: `trust-proxy: [127.0.0.1]`. */
  readonly settings?: string;
  /** Deadline of the service's answers; default 10 s. */
  readonly upstreamTimeout?: string;
  /** Further environment of the gate. */
  readonly env?: NodeJS.ProcessEnv;
  /** A program, with arguments, that runs the gate: `prlimit --nofile=100`. */
  readonly within?: readonly string[];
}

export interface GateUnderTest {
  readonly origin: string;
  readonly operatorOrigin: string;
  readonly folder: string;
  /** Of the gate's process. */
  readonly pid: number;
  /** Sends a signal to the process. */
  signal(name: NodeJS.Signals): void;
  /** What it has logged so far. */
  log(): string;
  /** Runs a command of `sluicegate` with this gate's settings. */
  run(...args: readonly string[]): Promise<CommandResult>;
  uploads(): Promise<readonly ListedUpload[]>;
  /** Paths of the files in quarantine, below it. */
  quarantined(): Promise<readonly string[]>;
  /** Paths of the files in the store, below it. */
  stored(): Promise<readonly string[]>;
  isRunning(): boolean;
  /** `null` while it runs, and where a signal ended it. */
  exitCode(): number | null;
  /** Resolves when the process is gone. */
  ended(): Promise<void>;
  /** Stops the process and removes the folder. */
  stop(): Promise<void>;
}

/** Starts a gate in a folder of its own. */
export async function startGate(options: GateOptions): Promise<GateUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-"));
  for (const name of options.flows) {
    const from = resolve(import.meta.dirname, "flows", name);
    await cp(from, join(folder, "flows", basename(from)), { recursive: true });
  }
  return launchGate(folder, options);
}

/** Starts a gate, on new ports, in the folder of one that has ended. */
export function restartGate(ended: GateUnderTest, options: GateOptions): Promise<GateUnderTest> {
  return launchGate(ended.folder, options);
}

async function launchGate(folder: string, options: GateOptions): Promise<GateUnderTest> {
  const [port, operatorPort] = [await freePort(), await freePort()];
  const settings = join(folder, "sluicegate.yaml");
  await writeFile(settings, settingsText(options, port, operatorPort));
  const [node, main] = options.program ?? [process.execPath, MAIN];
  const [program = node, ...args] = [...(options.within ?? []), node, main, "serve", "--settings", settings];
  const child = new Child("the gate", program, args, { env: { ...process.env, ...options.env } });
  const operatorOrigin = `http://127.0.0.1:${operatorPort}`;
  await child.untilReady(() => answers(`${operatorOrigin}/health/ready`));
  const run = (...args: readonly string[]) => runCommand(node, [main, ...args, "--settings", settings]);
  return {
    origin: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    operatorOrigin,
    folder,
    pid: child.process.pid ?? 0,
    signal: (name) => void child.process.kill(name),
    log: () => child.output,
    run,
    uploads: async () => readUploads(await run("uploads", "--json", "--limit", "1000000")),
    quarantined: () => filesBelow(resolve(folder, options.storage ?? "data", "quarantine")),
    stored: () => filesBelow(resolve(folder, options.storage ?? "data", "store")),
    isRunning: () => !child.hasEnded,
    exitCode: () => child.process.exitCode,
    ended: () => child.ended,
    stop: async () => {
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function settingsText(options: GateOptions, port: number, operatorPort: number): string {
  const tls =
    options.tls === undefined
      ? ""
      : `, tls: { certificate: ${JSON.stringify(options.tls.certificate)}, key: ${JSON.stringify(options.tls.key)} }`;
  return `
listen:
  public: { address: "127.0.0.1:${port}"${tls} }
  operator: { address: "127.0.0.1:${operatorPort}" }
flows: flows/
upstreams:
  service: { url: "${options.upstream}", pass-through: ${options.passThrough ?? false}, timeout: ${options.upstreamTimeout ?? "10s"} }
records: { driver: sqlite, path: ${options.records ?? "data/records.sqlite"} }
storage: { driver: disk, path: ${options.storage ?? "data"} }
limits: { ${options.limits ?? "idle: 60s"} }
${options.settings ?? ""}
`;
}

function readUploads(result: CommandResult): readonly ListedUpload[] {
  if (result.exitCode !== 0) throw new Error(`sluicegate uploads: ${result.err}`);
  return JSON.parse(result.out) as ListedUpload[];
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function runCommand(node: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(node, args, { maxBuffer: 1024 * 1024 * 1024 }, (error, out, err) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
  });
}
