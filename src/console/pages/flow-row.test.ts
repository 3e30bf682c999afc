import assert from "node:assert/strict";
import { test } from "node:test";
import { NOW, sampleFacts, sampleFlow, samplePoint } from "../../../fixtures/console/sample-facts.ts";
import type { Mark } from "../../signals/history/history.ts";
import type { FlowFacts } from "./flow-facts.ts";
import { makeFlowRow } from "./flow-row.ts";

const avatars = await sampleFlow();
const probe = (ok: boolean, agoMs = 10_000): Partial<FlowFacts> => ({
  probe: { everyMs: 60_000, last: { atMs: NOW - agoMs, ok, durationMs: 5, trouble: "" }, stopped: null },
});

const SITUATIONS: readonly (readonly [name: string, facts: FlowFacts, condition: string, word: string])[] = [
  ["no traffic ever", sampleFacts(avatars), "unknown", "No traffic yet"],
  ["quick and without failures", sampleFacts(avatars, { p95s: [300, 300, 300] }), "good", "Fine"],
  [
    "no traffic for a while",
    sampleFacts(avatars, { own: { lastSeenAtMs: NOW - 7_200_000 } }),
    "stale",
    "No data since 08:57 UTC",
  ],
  ["no traffic, and a probe that passes", sampleFacts(avatars, { own: probe(true) }), "good", "Fine"],
  [
    "a probe that passed long ago",
    sampleFacts(avatars, { own: probe(true, 600_000) }),
    "unknown",
    "No traffic yet",
  ],
  [
    "a probe that failed",
    sampleFacts(avatars, { p95s: [300], own: probe(false) }),
    "bad",
    "Test upload failed",
  ],
  [
    "failures",
    sampleFacts(avatars, { p95s: [300], outcomes: { accepted: 90, failed: 10 } }),
    "bad",
    "Failing",
  ],
  [
    "one failure",
    sampleFacts(avatars, { p95s: [300], outcomes: { accepted: 90, failed: 1 } }),
    "attention",
    "1 failed",
  ],
  ["slower than promised", sampleFacts(avatars, { p95s: [900, 900, 900] }), "bad", "Slow"],
];

for (const [name, facts, condition, word] of SITUATIONS) {
  test(`a flow's row: ${name}`, () => {
    const row = makeFlowRow(facts, null, NOW);
    assert.deepEqual([row.condition, row.word], [condition, word]);
  });
}

test("more database calls than promised are told, and one more in a thousand is not", () => {
  const facts = sampleFacts(avatars, { p95s: [300, 300, 300] });
  const withCalls = (mean: number): FlowFacts => ({
    ...facts,
    hour: samplePoint({ ...facts.hour, databaseCalls: { mean, max: 41 } }),
  });
  assert.equal(makeFlowRow(withCalls(41), null, NOW).word, "Too many database calls");
  assert.equal(makeFlowRow(withCalls(1.001), null, NOW).word, "Fine");
});

test("marks stand in the line where they happened, and only changes are the last change", () => {
  const mark = (kind: Mark["kind"], agoMs: number): Mark => ({
    id: kind,
    atMs: NOW - agoMs,
    kind,
    flow: null,
    version: "3c4d",
    previous: null,
    note: null,
    by: null,
  });
  const marks = [mark("start", 60_000), mark("deploy", 1_800_000), mark("deploy", 86_400_000)];
  const row = makeFlowRow(sampleFacts(avatars, { p95s: [300], own: { marks } }), null, NOW);
  assert.deepEqual(
    row.marks.map(({ label }) => label),
    ["deployed 3c4d", "gate started"],
  );
  assert.ok(row.marks.every(({ at }) => at > 0 && at < 1));
  assert.deepEqual(row.lastChange, { atMs: NOW - 1_800_000, label: "deployed 3c4d" });
});

test("shares are of what they are shares of, and nothing where nothing is known", () => {
  const outcomes = { accepted: 6, refused: 3, failed: 1 };
  const facts = sampleFacts(avatars, { outcomes });
  const hour = samplePoint({ outcomes, requests: 10, cache: { hit: 1, miss: 3, unknown: 6 } });
  const row = makeFlowRow({ ...facts, hour }, null, NOW);
  assert.deepEqual([row.refusedShare, row.cacheHitShare, row.failures.share], [0.3, 0.25, 1 / 7]);
  const quiet = makeFlowRow(sampleFacts(avatars), null, NOW);
  assert.deepEqual([quiet.refusedShare, quiet.cacheHitShare, quiet.failures.share], [null, null, null]);
});
