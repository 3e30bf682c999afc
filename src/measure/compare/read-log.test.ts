import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import type { Flow } from "../../flows/flow.ts";
import { readFlow } from "../../flows/read-flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { readLog } from "./read-log.ts";
import { madeSegment } from "./sent-segment.ts";

const root = mkdtempSync(join(tmpdir(), "read-log-"));
after(() => rmSync(root, { recursive: true }));
const FLOW = resolve(import.meta.dirname, "../../../fixtures/measured-service/flows/pictures/flow.yaml");

async function flow(): Promise<Flow> {
  const reading = await readFlow(FLOW, { upstreams: "any" });
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.flow;
}

function fileOf(name: string, lines: readonly unknown[]): string {
  const file = join(root, name);
  writeFileSync(
    file,
    lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""),
  );
  return file;
}

const PYTHON_LINE = {
  event: "request",
  "http.request.method": "POST",
  "http.route": "/pictures",
  "http.response.status_code": 201,
  "flow.app.ms": 8.4,
  "flow.db.calls": 3,
  "flow.cache.state": "hit",
};

test("lines of the Python package are read, with what a logger puts before them", async () => {
  const file = fileOf("python.log", [
    `INFO:sluicegate.request:${JSON.stringify(PYTHON_LINE)}`,
    { ...PYTHON_LINE, "http.response.status_code": 500, "flow.cache.state": null },
    { ...PYTHON_LINE, "http.response.status_code": 422 },
    { ...PYTHON_LINE, "http.response.status_code": 200 },
    { ...PYTHON_LINE, "http.route": "/other" },
    "Uvicorn is running",
  ]);
  const { requests, passedOver, isUntimed } = await readLog(file, await flow());
  assert.deepEqual(
    requests.map(({ outcome, appMs, cache, databaseCalls }) => [outcome, appMs, cache, databaseCalls]),
    [
      ["accepted", 8.4, "hit", 3],
      ["failed", 8.4, "unknown", 3],
      ["refused", 8.4, "hit", 3],
      ["wrong", 8.4, "hit", 3],
    ],
  );
  assert.equal(passedOver, 2);
  assert.ok(isUntimed);
});

test("times of a line count as they are written: dates, seconds, milliseconds", async () => {
  const file = fileOf("times.log", [
    { ...PYTHON_LINE, timestamp: "2026-11-22T19:05:12Z" },
    { ...PYTHON_LINE, ts: 1_795_374_312 },
    { ...PYTHON_LINE, time: 1_795_374_312_000 },
  ]);
  const { requests, isUntimed } = await readLog(file, await flow());
  assert.deepEqual(
    requests.map(({ atMs }) => atMs),
    [Date.UTC(2026, 10, 22, 19, 5, 12), 1_795_374_312_000, 1_795_374_312_000],
  );
  assert.ok(!isUntimed);
});

test("a measurement's own requests are read without its warm-up, from the moment at which it began", async () => {
  const { requests: sent } = madeSegment("measure", 0, { requests: 40, phase: "cold", ratePerSecond: 10 }, 8);
  const file = fileOf("requests.ndjson", [{ ...sent[0], index: -1 }, ...sent]);
  fileOf("measurement.json", [{ startedAtMs: 5000 }]);
  const { requests } = await readLog(file, await flow());
  assert.equal(requests.length, 40);
  assert.deepEqual([requests[0]?.atMs, requests[10]?.atMs], [5000, 6000]);
});

test("the gate's own lines are read, and signals with what the service told", async () => {
  const line = {
    time: "1970-01-01T00:00:01.000Z",
    method: "POST",
    path: "/pictures",
    status: 201,
    outcome: "accepted",
    flow: "pictures",
    code: null,
    timings: { recv: 1, app: 8.5 },
    msg: "request",
  };
  const service = { appMs: 4, cache: "miss", databaseCalls: 41 };
  const file = fileOf("gate.log", [
    line,
    { ...line, atMs: 77, service },
    { ...line, outcome: "refused", status: 415, code: "FILE_TYPE_REFUSED", timings: {} },
    { ...line, outcome: "passed", status: 500 },
    { ...line, outcome: "failed", code: "REQUEST_ABORTED" },
    { ...line, flow: "others" },
    { ...line, method: "GET", outcome: "passed" },
    { level: "info", msg: "upload", flow: "pictures", method: "POST", state: "delivered" },
  ]);
  const { requests, passedOver } = await readLog(file, await flow());
  assert.deepEqual(
    requests.map(({ atMs, outcome, appMs, cache, databaseCalls }) => [
      atMs,
      outcome,
      appMs,
      cache,
      databaseCalls,
    ]),
    [
      [1000, "accepted", 8.5, "unknown", null],
      [77, "accepted", 4, "miss", 41],
      [1000, "refused", null, "unknown", null],
      [1000, "failed", 8.5, "unknown", null],
    ],
  );
  assert.equal(passedOver, 4);
});

test("a file that is not there, or tells of nothing, is an error", async () => {
  const isInvalid = (error: unknown) => error instanceof GateError && error.code === "COMPARE_LOG_INVALID";
  const pictures = await flow();
  await assert.rejects(readLog(join(root, "nowhere.log"), pictures), isInvalid);
  await assert.rejects(readLog(fileOf("other.log", ["nothing", "{}"]), pictures), isInvalid);
});
