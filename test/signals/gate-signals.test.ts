/**
 * What a real gate tells of each request, in front of a real service, to a listener of the test.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { loadFlows } from "../../src/flows/load-flows.ts";
import { type RunningGate, runGate } from "../../src/server/run-gate.ts";
import { knownCallers } from "../../src/settings/callers-schema.ts";
import { loadSettings } from "../../src/settings/load-settings.ts";
import { openLog } from "../../src/signals/log.ts";
import type { RequestSignal } from "../../src/signals/request-signal.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
  "base64",
);

let folder: string;
let gate: RunningGate;
let origin: string;
let answer: RequestListener;
const service = createServer((req, res) => {
  req.resume();
  req.on("end", () => answer(req, res));
});

/** Signals that have come, and who waits for the next one. */
const told: RequestSignal[] = [];
let onTold: (() => void) | null = null;

before(async () => {
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  folder = await mkdtemp(join(tmpdir(), "sluicegate-signals-"));
  for (const mode of ["enforce", "observe"]) await writeFlow(mode);
  await writeFile(join(folder, "sluicegate.yaml"), settingsText((service.address() as AddressInfo).port));
  gate = await startGate();
  gate.parts.signals.add({
    take: (signal) => {
      told.push(signal);
      onTold?.();
    },
  });
});

after(async () => {
  await gate.stop(1000);
  service.close();
  service.closeAllConnections();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  told.length = 0;
  answer = (_req, res) =>
    res
      .writeHead(201, {
        "server-timing": 'recv;dur=1.5, app;dur=12.5, db;dur=3;desc="7 calls"',
        "cache-status": "thumbs; hit",
        "x-version": "3c4d",
      })
      .end("{}");
});

async function writeFlow(mode: string): Promise<void> {
  await mkdir(join(folder, "flows", mode), { recursive: true });
  const text = `flow: ${mode}
summary: Pictures
owner: tests
mode: ${mode}
route: { method: PUT, path: /${mode}, protocols: [raw] }
accept: { files: { picture: { types: [image/png], max-size: 64 KiB } } }
permissions: { caller: public }
deliver: forward
upstream: service
expect: { status: 201 }
watch: { version-header: X-Version }
`;
  await writeFile(join(folder, "flows", mode, "flow.yaml"), text);
}

const settingsText = (port: number): string => `
listen: { public: { address: "127.0.0.1:0" }, operator: { address: "127.0.0.1:0" } }
flows: flows/
upstreams: { service: { url: "http://127.0.0.1:${port}", pass-through: true, timeout: 2s } }
records: { driver: sqlite, path: data/records.sqlite }
storage: { driver: disk, path: data }
signals: { log: off }
`;

async function startGate(): Promise<RunningGate> {
  const settings = await loadSettings(join(folder, "sluicegate.yaml"));
  assert.ok(settings.ok);
  const flows = await loadFlows({
    folder: settings.settings.flowsFolder,
    upstreams: new Set(["service"]),
    callers: knownCallers(settings.settings),
    needsSamples: false,
  });
  assert.ok(flows.ok, flows.problems.map(({ message }) => message).join("\n"));
  const port = await freePort();
  const { listen } = settings.settings;
  const [publicPort, operatorPort] = [port, await freePort()];
  origin = `http://127.0.0.1:${publicPort}`;
  const withPorts = {
    ...settings.settings,
    listen: {
      public: { ...listen.public, port: publicPort },
      operator: { ...listen.operator, port: operatorPort },
    },
  };
  return runGate(withPorts, flows.set, openLog("off"));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Sends an upload, and waits for what the gate tells of it. */
async function tell(path: string, init: RequestInit = {}): Promise<RequestSignal> {
  const headers = { "content-type": "image/png", "user-agent": "curl/8.9 (test)", ...init.headers };
  const response = await fetch(`${origin}${path}`, { method: "PUT", body: PNG, ...init, headers });
  await response.arrayBuffer();
  if (told.length === 0) {
    await new Promise<void>((resolve) => {
      onTold = resolve;
    });
  }
  const [signal] = told;
  assert.ok(signal !== undefined);
  return signal;
}

test("an accepted upload is told with the service's own figures, its version and what was sent", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const signal = await tell("/enforce?secret=1", {
    headers: { traceparent, "content-type": "image/png; x=1" },
  });
  const { service: told, timings, durationMs, ...rest } = signal;
  assert.deepEqual(
    { ...told, waitMs: null },
    {
      status: 201,
      appMs: 12.5,
      recvMs: 1.5,
      waitMs: null,
      databaseMs: 3,
      databaseCalls: 7,
      cache: "hit",
      version: "3c4d",
    },
  );
  assert.ok((told?.waitMs ?? -1) >= 0 && durationMs > 0 && (timings.app ?? 0) > 0);
  assert.deepEqual(
    [rest.flow, rest.mode, rest.method, rest.path, rest.status, rest.outcome, rest.code],
    ["enforce", "enforce", "PUT", "/enforce", 201, "accepted", null],
  );
  assert.deepEqual(
    [rest.bytesIn, rest.contentType, rest.fileType, rest.client],
    [PNG.length, "image/png", "image/png", "curl"],
  );
  assert.deepEqual(
    [rest.traceId, rest.parentSpanId],
    ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"],
  );
  assert.match(rest.spanId, /^[0-9a-f]{16}$/);
  assert.notEqual(rest.spanId, rest.parentSpanId);
  assert.ok(Object.isFrozen(signal));
});

test("a 2xx that is not the expected one is wrong", async () => {
  answer = (_req, res) => res.writeHead(200).end("{}");
  const { outcome, status } = await tell("/enforce");
  assert.deepEqual([outcome, status], ["wrong", 200]);
});

test("what the gate refuses is told with its code, and without a service", async () => {
  const { outcome, code, service: asked } = await tell("/enforce", { body: "no picture" });
  assert.deepEqual([outcome, code?.startsWith("FILE_"), asked], ["refused", true, null]);
});

test("a service that fails, and one that says nothing, have failed", async () => {
  answer = (_req, res) => res.writeHead(503).end();
  const failed = await tell("/enforce");
  assert.deepEqual([failed.outcome, failed.service?.status], ["failed", 503]);
  told.length = 0;
  answer = (req) => req.socket.destroy();
  const silent = await tell("/enforce");
  assert.deepEqual([silent.outcome, silent.service?.status], ["failed", null]);
});

test("in observe the outcome is the service's, and the code the one that it would have been refused with", async () => {
  const good = await tell("/observe");
  assert.deepEqual(
    [good.outcome, good.code, good.fileType, good.service?.version],
    ["accepted", null, "image/png", "3c4d"],
  );
  told.length = 0;
  const bad = await tell("/observe", { body: "no picture" });
  assert.deepEqual([bad.outcome, bad.code?.startsWith("FILE_"), bad.status], ["accepted", true, 201]);
});

test("a request that no flow is about passes, and is told without one", async () => {
  const { flow, mode, outcome, bytesIn } = await tell("/other", { method: "POST", body: "12345" });
  assert.deepEqual([flow, mode, outcome, bytesIn], [null, null, "passed", 5]);
});

test("the history has it all, read on a thread of its own", async () => {
  await tell("/enforce");
  await gate.parts.history.writer.flush();
  const nowMs = Date.now();
  const totals = await gate.parts.history.reader.totals({ fromMs: nowMs - 3_600_000, toMs: nowMs + 60_000 });
  assert.ok((totals.get("enforce")?.outcomes.accepted ?? 0) >= 1);
  assert.ok((totals.get("enforce")?.appMs?.p50 ?? 0) > 12);
});
