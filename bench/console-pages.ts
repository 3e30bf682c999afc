/**
 * How long the console's pages take over HTTP, on a real gate with a history of ten million requests:
 *
 *   node bench/console-pages.ts [--requests N]
 *
 * Makes the records as a gate would have written them after ninety days, starts a gate on them, and asks for each page some times over: the first time counts, too. Exit codes: 0 every page within
 * its time, 1 one was not.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateHistory } from "./history/generate-history.ts";
import { median } from "./measure/statistics.ts";
import { freePort } from "./servers/server.ts";

const DAYS = 90;
const FLOWS = 10;
const TIMES = 9;
const PAGE_MS_MAX = 300;
const START_MS_MAX = 60_000;
const FLOW = "flow-03";

const PAGES: readonly (readonly [string, string])[] = [
  ["the page itself", "/"],
  ["front", "/api/console/front"],
  ...["1h", "6h", "24h", "7d", "30d"].map(
    (range) => [`flow, ${range}`, `/api/console/flows/${FLOW}?range=${range}`] as const,
  ),
  ["requests", "/api/console/requests?limit=50"],
  ["held", "/api/console/held"],
];

const { values: options } = parseArgs({ options: { requests: { type: "string", default: "10000000" } } });

/** Settings and flows of a gate in `folder`, whose records are there already. */
async function writeGate(folder: string, flows: readonly string[]): Promise<string> {
  const [port, operator, nobody] = [await freePort(), await freePort(), await freePort()];
  for (const flow of flows) {
    mkdirSync(join(folder, "flows", flow), { recursive: true });
    writeFileSync(join(folder, "flows", flow, "flow.yaml"), flowText(flow));
  }
  writeFileSync(
    join(folder, "sluicegate.yaml"),
    `listen: { public: { address: "127.0.0.1:${port}" }, operator: { address: "127.0.0.1:${operator}" } }
flows: flows/
upstreams: { service: { url: "http://127.0.0.1:${nobody}" } }
records: { driver: sqlite, path: data/records.sqlite }
storage: { driver: disk, path: data }
signals: { log: off }
`,
  );
  return `http://127.0.0.1:${operator}`;
}

const flowText = (flow: string): string => `flow: ${flow}
summary: Opaque bytes
owner: bench
mode: enforce
route: { method: PUT, path: "/${flow}/{name}", protocols: [raw] }
accept: { files: { body: { types: any, max-size: 1 MiB } } }
permissions: { caller: public }
deliver: forward
upstream: service
expect: { status: 201, p95: 800 ms, error-rate: 1 %, database-calls: 12 }
`;

async function untilReady(origin: string): Promise<void> {
  const until = performance.now() + START_MS_MAX;
  while (performance.now() < until) {
    const isUp = await fetch(`${origin}/health/live`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the gate has not started");
}

async function timesOf(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const begun = performance.now();
    const answer = await fetch(url);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    times.push(performance.now() - begun);
  }
  return times;
}

async function measurePages(origin: string): Promise<boolean> {
  let isFine = true;
  for (const [name, path] of PAGES) {
    const times = await timesOf(origin + path);
    const [first = 0] = times;
    const [middle, longest] = [median(times), Math.max(...times)];
    const isWithin = longest <= PAGE_MS_MAX;
    isFine &&= isWithin;
    const figures = [first, middle, longest].map((ms) => `${ms.toFixed(0).padStart(6)} ms`).join("");
    console.log(`${name.padEnd(20)}${figures}  ${isWithin ? "" : `more than ${PAGE_MS_MAX} ms`}`);
  }
  return isFine;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluicegate-console-"));
  const records = join(folder, "data/records.sqlite");
  mkdirSync(join(folder, "data"));
  try {
    const size = { requests: Number(options.requests), days: DAYS, flows: FLOWS };
    const history = await generateHistory(records, size, Date.now());
    console.log(
      `${history.requests} requests of ${FLOWS} flows in ${DAYS} days: ${(statSync(records).size / 1e6).toFixed(1)} MB`,
    );
    const origin = await writeGate(folder, history.flows);
    const main = join(import.meta.dirname, "../src/cli/main.ts");
    const gate = spawn(process.execPath, [main, "serve"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    try {
      await untilReady(origin);
      console.log(
        `\n${" ".repeat(20)}${["first", "middle", "longest"].map((word) => word.padStart(9)).join("")}`,
      );
      process.exitCode = (await measurePages(origin)) ? 0 : 1;
    } finally {
      const ended = gate.exitCode === null ? once(gate, "exit") : null;
      gate.kill("SIGTERM");
      await ended;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
