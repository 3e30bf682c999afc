import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import type { Flow } from "../../flows/flow.ts";
import { UNWRITTEN_MEASURE } from "../../flows/measure/unwritten.ts";
import { readFlow } from "../../flows/read-flow.ts";
import type { StoredNoise } from "../judge/judge-input.ts";
import type { CompareEvent, CompareRequest } from "./compare-request.ts";
import { armsOfUrls } from "./comparison-arm.ts";
import { judgeKept } from "./judge-kept.ts";
import { runComparison } from "./run-comparison.ts";
import type { ComparisonBench } from "./run-pair.ts";
import { type MadeService, madeGenerator } from "./sent-segment.ts";
import { WatchedFingerprint } from "./watched-fingerprint.ts";

const FLOW = resolve(import.meta.dirname, "../../../fixtures/measured-service/flows/pictures/flow.yaml");
const [A, B] = ["http://127.0.0.1:1", "http://127.0.0.1:2"];

interface Asked {
  readonly service: MadeService;
  readonly request?: Partial<CompareRequest>;
  readonly caches?: Flow["measure"]["caches"];
  readonly fingerprint?: (origin: string, time: number) => Readonly<Record<string, string>>;
  readonly noise?: StoredNoise | null;
  readonly interruptAt?: number;
}

/** Pseudo-random, the same each time: what a segment differs from another with nothing changed. */
const jitter = (segment: number): number => 1 + (((segment * 2654435761) % 1000) / 1000 - 0.5) * 0.04;

async function compare(asked: Asked) {
  const reading = await readFlow(FLOW, { upstreams: "any" });
  assert.ok(reading.ok, JSON.stringify(reading));
  const measure = {
    ...UNWRITTEN_MEASURE,
    smallestEffect: { share: 0.05, ms: 0.1 },
    caches: asked.caches ?? [],
  };
  const flow = { ...reading.flow, measure };
  const interrupt = new AbortController();
  const events: CompareEvent[] = [];
  const made = madeGenerator((origin, segment) => {
    if (segment === asked.interruptAt) interrupt.abort();
    return asked.service(origin, segment);
  });
  let time = 0;
  const bench: Omit<ComparisonBench, "onCleared"> = {
    arms: armsOfUrls(A, B),
    generator: made,
    folder: process.cwd(),
    readFingerprint: async ({ origin }) => {
      time += 1;
      const values = asked.fingerprint?.(origin, time) ?? { "git.commit": origin === A ? "1a2b" : "3c4d" };
      return { values };
    },
    findNoise: async () => asked.noise ?? null,
    watched: { a: new WatchedFingerprint(), b: new WatchedFingerprint() },
    signal: interrupt.signal,
  };
  const request: CompareRequest = {
    id: "20261122-190512-x7q2",
    flow,
    program: "sluicegate",
    variable: "git.commit",
    ignoredKeys: [],
    expected: null,
    pairs: null,
    requests: 100,
    isQuick: false,
    ratePerSecond: 50,
    timeoutMs: 30_000,
    seed: 11,
    commands: [],
    ...asked.request,
  };
  const kept = await runComparison(request, bench, (event) => events.push(event));
  return { kept, comparison: judgeKept(kept), plans: made.plans, events };
}

const halfOf: MadeService = (origin, segment) => ({ appMs: (origin === A ? 20 : 10) * jitter(segment) });

test("both arms of a pair have the same schedule, and no two pairs have the same", async () => {
  const { plans } = await compare({ service: halfOf, request: { pairs: 8 } });
  assert.equal(plans.length, 2 * (6 + 8));
  const seeds = plans.map(({ seed }) => seed);
  for (let at = 0; at < seeds.length; at += 2) assert.equal(seeds[at], seeds[at + 1]);
  assert.equal(new Set(seeds).size, 6 + 8);
});

test("a clear change is seen at the first look, and nothing more is sent", async () => {
  const { comparison, kept, events } = await compare({ service: halfOf });
  assert.equal(comparison.verdict, "FASTER", comparison.sentence);
  assert.equal(kept.input.look, 1);
  assert.equal(kept.input.cold.length, 10);
  assert.ok(events.some((event) => event.kind === "look" && event.pairs === 10));
});

test("no change goes to the end where the first look leaves it open", async () => {
  const service: MadeService = (_, segment) => ({
    appMs: 20 * (1 + (((segment * 2654435761) % 1000) / 1000 - 0.5) * 0.4),
  });
  const { comparison, kept } = await compare({ service });
  assert.equal(kept.input.look, 2);
  assert.equal(kept.input.cold.length, 20);
  assert.ok(!/FASTER|SLOWER/.test(comparison.verdict), comparison.sentence);
});

test("arms that differ in a second thing are refused before there is any load", async () => {
  const { comparison, plans } = await compare({
    service: halfOf,
    fingerprint: (origin) => ({ "git.commit": origin, "env.WORKERS": origin === A ? "2" : "4" }),
  });
  assert.equal(comparison.verdict, "REFUSED CONFOUNDED");
  assert.match(comparison.sentence, /env\.WORKERS/);
  assert.equal(plans.length, 0);
});

test("a deployment in the middle is noticed", async () => {
  const { comparison } = await compare({
    service: halfOf,
    request: { pairs: 8 },
    fingerprint: (origin, time) => ({ "git.commit": origin === B && time > 25 ? "5e6f" : origin }),
  });
  assert.equal(comparison.verdict, "REFUSED CONFOUNDED");
});

test("an interrupt keeps whole pairs and is inconclusive at best", async () => {
  const { comparison, kept } = await compare({
    service: halfOf,
    request: { pairs: 20 },
    interruptAt: 12 + 2 * 9 + 1,
  });
  assert.equal(kept.input.cold.length, 9);
  assert.equal(comparison.verdict, "INCONCLUSIVE");
  assert.match(comparison.sentence, /interrupted after 9 of 20 pairs/);
});

test("a noise that is known is not sent again", async () => {
  const noise: StoredNoise = {
    quantile: "p95",
    of: "app",
    changes: [0.01, -0.02, 0.015, -0.01],
    measuredAtMs: Date.now(),
  };
  const { kept, plans } = await compare({ service: halfOf, noise, request: { pairs: 8 } });
  assert.equal(plans.length, 16);
  assert.deepEqual(kept.input.noise, { kind: "stored", noise });
});

test("where a cache is declared it is cleared before each segment, and payloads are sent again for the warm phase", async () => {
  const { kept, plans } = await compare({
    service: halfOf,
    request: { pairs: 8 },
    caches: [{ name: "sheets", header: null, clear: "true" }],
  });
  assert.deepEqual(
    plans.slice(12, 16).map(({ phase }) => phase),
    ["cold", "warm", "cold", "warm"],
  );
  assert.equal(kept.input.warm.length, 8);
  assert.equal(kept.input.cleared.length, 2 * (6 + 8));
});

test("where a cache is the variable there is a second lap after it alone was cleared", async () => {
  const { kept } = await compare({
    service: halfOf,
    request: { pairs: 8, variable: "cache.sheets" },
    fingerprint: (origin) => ({ "cache.sheets": origin }),
    caches: [
      { name: "sheets", header: null, clear: "true" },
      { name: "pages", header: null, clear: "echo pages" },
    ],
  });
  assert.equal(kept.input.secondLap.length, 4);
  assert.deepEqual(new Set(kept.input.cleared.slice(-8).map(({ cache }) => cache)), new Set(["sheets"]));
});
