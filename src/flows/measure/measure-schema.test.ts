import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { explainFlow } from "../explain-flow.ts";
import type { Flow } from "../flow.ts";
import { readFlow } from "../read-flow.ts";
import { UNWRITTEN_MEASURE, UNWRITTEN_WATCH } from "./unwritten.ts";

const FIXTURES = resolve(import.meta.dirname, "../../../fixtures/flows");
const root = mkdtempSync(join(tmpdir(), "sluicegate-measure-schema-"));
after(() => rmSync(root, { recursive: true }));

async function flowOf(fixture: string): Promise<Flow> {
  const file = join(root, fixture, "avatars", "flow.yaml");
  cpSync(join(FIXTURES, `${fixture}.yaml`), file);
  const reading = await readFlow(file, { upstreams: "any", needsSamples: false });
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.flow;
}

test("what a flow says of measuring is there in base units, with paths seen from its folder", async () => {
  const { folder, measure, watch } = await flowOf("good-measure-and-watch");
  assert.deepEqual(measure, {
    ratePerSecond: 1.5,
    smallestEffect: { share: 0.025, ms: 20 },
    errorMarginShare: 0.01,
    caches: [
      { name: "thumbnails", header: null, clear: "redis-cli FLUSHDB" },
      { name: "cdn", header: "x-cache", clear: null },
    ],
    fingerprint: {
      path: "/version?full=1",
      command: "cat VERSION",
      headers: ["x-service-version", "x-commit"],
      files: [join(folder, "samples/photo.png")],
      environment: ["WORKERS"],
    },
  });
  assert.deepEqual(watch, {
    probeEveryMs: 30_000,
    versionHeader: "x-service-version",
    jobs: { path: "/jobs", total: "/hour/total", failed: "/hour/failed", newest: "/hour/newest" },
  });
});

test("a flow that says nothing of it has the defaults", async () => {
  const { measure, watch } = await flowOf("good-smallest");
  assert.deepEqual(measure, UNWRITTEN_MEASURE);
  assert.deepEqual(watch, UNWRITTEN_WATCH);
});

test("measure and watch do not change what was decided", async () => {
  const plain = await flowOf("good-smallest");
  const measured = await flowOf("good-measure-and-watch");
  assert.equal(measured.policyVersion, plain.policyVersion);
});

test("explain tells what is sent, what counts, what is emptied and what is watched", async () => {
  const told = explainFlow(await flowOf("good-measure-and-watch"));
  const expected = [
    "It sends 1.5 uploads a second on average.",
    "A change of response time matters from 2.5 % or 20 ms on",
    'through the cache "thumbnails". It is emptied by: redis-cli FLUSHDB',
    'through the cache "cdn". Its state is told by x-cache. It is not emptied by anybody.',
    "it asks /version?full=1, runs cat VERSION and reads the headers x-service-version and x-commit.",
    "What else has to be the same: samples/photo.png and WORKERS.",
    "Every 30 s a small marked upload is sent through and removed again.",
    "Jobs of the last hour are told at /jobs",
  ];
  for (const sentence of expected) assert.ok(told.includes(sentence), `${sentence}\n\n${told}`);
});
