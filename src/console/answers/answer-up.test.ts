import assert from "node:assert/strict";
import { test } from "node:test";
import { NOW, sampleFacts, sampleFlow } from "../../../fixtures/console/sample-facts.ts";
import type { GateReadiness } from "../console-sources.ts";
import type { FlowFacts } from "../pages/flow-facts.ts";
import { answerUp } from "./answer-up.ts";

const avatars = await sampleFlow("avatars");
const reports = await sampleFlow("reports");
const papers = await sampleFlow("papers");

const part = (name: string, reason: string | null = null) => ({ name, ok: reason === null, reason });
const ready = (...parts: GateReadiness["parts"]): GateReadiness => ({
  ok: !parts.some(({ ok, name }) => !ok && !name.startsWith("upstream")),
  parts: [part("records"), part("storage"), ...parts],
});
const READY = ready(part("upstream service"));
const probed = (ok: boolean, agoMs: number, more: Partial<NonNullable<FlowFacts["probe"]>> = {}) => ({
  probe: {
    everyMs: 60_000,
    last: { atMs: NOW - agoMs, ok, durationMs: 5, trouble: ok ? "" : "it got 503 Service Unavailable" },
    stopped: null,
    ...more,
  },
});

const SITUATIONS: readonly {
  readonly name: string;
  readonly readiness?: GateReadiness;
  readonly flows: readonly FlowFacts[];
  readonly says: readonly [condition: string, word: string, sentence: string];
}[] = [
  {
    name: "the first start, without flows",
    flows: [],
    says: [
      "unknown",
      "Nothing to do",
      "The gate runs and has no flow yet: draft one with `sluicegate init --openapi URL`, or with `sluicegate check --url URL --field NAME --sample FILE --write-flow flows`.",
    ],
  },
  {
    name: "flows, and no traffic ever",
    flows: [sampleFacts(avatars)],
    says: ["good", "Yes", "The gate is ready and can reach its service. No upload has come yet."],
  },
  {
    name: "one upload",
    flows: [sampleFacts(avatars, { p95s: [10], count: 1 })],
    says: [
      "good",
      "Yes",
      "The gate is ready and can reach its service. 1 upload was accepted in the last hour, the last request came 20 s ago.",
    ],
  },
  {
    name: "an hour without uploads",
    flows: [sampleFacts(avatars, { own: { lastSeenAtMs: NOW - 3 * 3_600_000 } })],
    says: [
      "good",
      "Yes",
      "The gate is ready and can reach its service. No upload was accepted in the last hour; the last request came 3 hours ago.",
    ],
  },
  {
    name: "one flow, one probe that passed",
    flows: [sampleFacts(avatars, { own: probed(true, 14_000) })],
    says: ["good", "Yes", "The flow took a test upload, 10 s ago."],
  },
  {
    name: "two of three flows with probes",
    flows: [
      sampleFacts(avatars, { own: probed(true, 14_000) }),
      sampleFacts(reports, { own: probed(true, 70_000) }),
      sampleFacts(papers),
    ],
    says: [
      "good",
      "Yes",
      "2 of 3 flows took a test upload (the others have no probe), the longest 1 minute ago.",
    ],
  },
  {
    name: "a probe that failed beside one that passed",
    flows: [
      sampleFacts(avatars, { own: probed(false, 4_000) }),
      sampleFacts(reports, { own: probed(true, 4_000) }),
    ],
    says: [
      "bad",
      "Partly",
      "1 of 2 flows did not take their last test upload (avatars just now: it got 503 Service Unavailable).",
    ],
  },
  {
    name: "the only probe failed",
    flows: [sampleFacts(avatars, { own: probed(false, 4_000) })],
    says: [
      "bad",
      "No",
      "The last test upload did not pass (avatars just now: it got 503 Service Unavailable).",
    ],
  },
  {
    name: "a probe that is overdue",
    flows: [sampleFacts(avatars, { own: probed(true, 300_000) })],
    says: [
      "stale",
      "No data",
      "avatars has had no test upload since 10:52 UTC, though one is due every minute.",
    ],
  },
  {
    name: "probes that stopped",
    flows: [
      sampleFacts(avatars, { own: probed(true, 1000, { stopped: "Test uploads of avatars have stopped." }) }),
    ],
    says: ["stale", "No data", "Test uploads of avatars have stopped."],
  },
  {
    name: "the gate itself is not ready",
    readiness: ready(part("accepting uploads", "the gate is being stopped")),
    flows: [sampleFacts(avatars, { p95s: [10] })],
    says: ["bad", "No", "The gate takes no uploads now (accepting uploads: the gate is being stopped)."],
  },
  {
    name: "its only service is down",
    readiness: ready(part("upstream service", "The service cannot be reached.")),
    flows: [sampleFacts(avatars), sampleFacts(reports)],
    says: [
      "bad",
      "No",
      'The gate answers, the service "service" does not: The service cannot be reached. Uploads of avatars and reports do not get through.',
    ],
  },
  {
    name: "one of two services is down",
    readiness: ready(part("upstream other", "no answer within 2 s"), part("upstream service")),
    flows: [sampleFacts(avatars)],
    says: ["bad", "Partly", 'The gate answers, the service "other" does not: no answer within 2 s.'],
  },
  {
    name: "more failures than promised",
    flows: [sampleFacts(avatars, { outcomes: { accepted: 28, failed: 11, wrong: 1, refused: 500 } })],
    says: [
      "bad",
      "Partly",
      "The gate and its services answer, but avatars: 12 of 40 uploads failed in the last hour (30 %; at most 0.1 % is promised).",
    ],
  },
  {
    name: "every upload fails",
    flows: [sampleFacts(avatars, { outcomes: { failed: 9 } })],
    says: [
      "bad",
      "No",
      "The gate and its services answer, but avatars: all 9 uploads that should have passed in the last hour failed.",
    ],
  },
  {
    name: "two flows fail",
    flows: [
      sampleFacts(avatars, { outcomes: { accepted: 5, failed: 5 } }),
      sampleFacts(reports, { outcomes: { accepted: 1, failed: 9 } }),
    ],
    says: [
      "bad",
      "Partly",
      "The gate and its services answer, but reports: 9 of 10 uploads failed in the last hour (90 %; at most 0.1 % is promised). avatars fails, too.",
    ],
  },
  {
    name: "refusals only, which are promises kept",
    flows: [sampleFacts(avatars, { outcomes: { refused: 900, aborted: 4 } })],
    says: [
      "good",
      "Yes",
      "The gate is ready and can reach its service. No upload was accepted in the last hour; the last request came 20 s ago.",
    ],
  },
];

for (const { name, readiness = READY, flows, says } of SITUATIONS) {
  test(`up? ${name}`, () => {
    const { condition, word, sentence } = answerUp({ readiness, flows, nowMs: NOW });
    assert.deepEqual([condition, word, sentence], says);
  });
}
