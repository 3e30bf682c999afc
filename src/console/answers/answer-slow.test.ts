import assert from "node:assert/strict";
import { test } from "node:test";
import { NOW, sampleFacts, sampleFlow, windowsOf } from "../../../fixtures/console/sample-facts.ts";
import type { FlowFacts } from "../pages/flow-facts.ts";
import { answerSlow } from "./answer-slow.ts";

const avatars = await sampleFlow("avatars");
const reports = await sampleFlow("reports");
const HOUR = 3_600_000;

const SITUATIONS: readonly {
  readonly name: string;
  readonly flows: readonly FlowFacts[];
  readonly says: readonly [condition: string, word: string, sentence: string];
}[] = [
  {
    name: "nothing was ever measured",
    flows: [sampleFacts(avatars)],
    says: [
      "unknown",
      "Not known",
      "Nothing has been measured yet: the first uploads through the gate will tell.",
    ],
  },
  {
    name: "no traffic for hours",
    flows: [sampleFacts(avatars, { own: { lastSeenAtMs: NOW - 3 * HOUR } })],
    says: ["stale", "No data", "No upload has come since 07:57 UTC, so nobody can tell."],
  },
  {
    name: "only refusals",
    flows: [sampleFacts(avatars, { outcomes: { refused: 3 } })],
    says: [
      "stale",
      "No data",
      "Requests came in the last hour, but no upload was accepted that could be measured.",
    ],
  },
  {
    name: "one upload, quick",
    flows: [sampleFacts(avatars, { p95s: [100], count: 1 })],
    says: [
      "unknown",
      "Not known",
      "Too few uploads to tell: 1 upload in the last hour, and it takes 20 of a flow.",
    ],
  },
  {
    name: "one upload, far too slow",
    flows: [sampleFacts(avatars, { p95s: [20_000], count: 1 })],
    says: [
      "bad",
      "Yes",
      "avatars: the one upload of the last hour took the service 10 s, promised are 800 ms, since 10:55 UTC.",
    ],
  },
  {
    name: "a few uploads, far too slow",
    flows: [sampleFacts(avatars, { p95s: [20_000, 20_000], count: 3 })],
    says: [
      "bad",
      "Yes",
      "avatars: half of the last 6 uploads took the service longer than 10 s, promised are 800 ms, since 10:50 UTC.",
    ],
  },
  {
    name: "within the promise",
    flows: [sampleFacts(avatars, { p95s: [700, 700, 700] })],
    says: ["good", "No", "95 of 100 uploads of avatars took the service up to 700 ms, promised are 800 ms."],
  },
  {
    name: "two flows within the promise",
    flows: [sampleFacts(avatars, { p95s: [700, 700, 700] }), sampleFacts(reports, { p95s: [100, 100] })],
    says: ["good", "No", "All 2 flows with traffic are within the time that they promise."],
  },
  {
    name: "one slow window is chance",
    flows: [sampleFacts(avatars, { p95s: [400, 400, 1200] })],
    says: ["good", "No", "95 of 100 uploads of avatars took the service up to 1.2 s, promised are 800 ms."],
  },
  {
    name: "two slow windows of three",
    flows: [sampleFacts(avatars, { p95s: [400, 400, 400, 820, 400, 850] })],
    says: [
      "bad",
      "Yes",
      "avatars: 95 of 100 uploads took the service up to 850 ms, promised are 800 ms, since 10:45 UTC.",
    ],
  },
  {
    name: "slow for as long as was looked at",
    flows: [sampleFacts(avatars, { p95s: Array.from({ length: 12 }, () => 1000) })],
    says: [
      "bad",
      "Yes",
      "avatars: 95 of 100 uploads took the service up to 1 s, promised are 800 ms, for an hour or longer.",
    ],
  },
  {
    name: "no promise, and slower than usual",
    flows: [
      sampleFacts(avatars, {
        p95s: [400, 400, 400],
        limitMs: null,
        earlier: windowsOf([100, 110, 90, 100]),
      }),
    ],
    says: [
      "attention",
      "Yes",
      "avatars: 95 of 100 uploads took the service up to 400 ms, usual are at most 150 ms, since 10:45 UTC.",
    ],
  },
  {
    name: "no promise and nothing earlier",
    flows: [sampleFacts(avatars, { p95s: [400, 400, 400], limitMs: null })],
    says: [
      "unknown",
      "Not known",
      "Nobody has said what is fast enough, and there are no earlier hours to compare with: write `expect: { p95: 800 ms }` into the flow file.",
    ],
  },
  {
    name: "two slow flows, the worst first",
    flows: [
      sampleFacts(avatars, { p95s: [900, 900, 900] }),
      sampleFacts(reports, { p95s: [4000, 4000, 4000] }),
    ],
    says: [
      "bad",
      "Yes",
      "reports: 95 of 100 uploads took the service up to 4 s, promised are 800 ms, since 10:45 UTC. Slow as well: avatars.",
    ],
  },
];

for (const { name, flows, says } of SITUATIONS) {
  test(`slow? ${name}`, () => {
    const { condition, word, sentence } = answerSlow(flows, NOW);
    assert.deepEqual([condition, word, sentence], says);
  });
}

test("a slow hour that is over is not told as slow", () => {
  const flow = sampleFacts(avatars, { p95s: [2000, 2000, 2000, 2000, 100, 100, 100] });
  assert.equal(answerSlow([flow], NOW).word, "No");
});
