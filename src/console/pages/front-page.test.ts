import assert from "node:assert/strict";
import { test } from "node:test";
import { NOW, sampleFlow } from "../../../fixtures/console/sample-facts.ts";
import { makeFlowSet } from "../../flows/flow-set.ts";
import type { GateParts } from "../../gate/gate-parts.ts";
import type { HistoryReader } from "../../signals/history/history.ts";
import { openLog } from "../../signals/log.ts";
import type { ConsoleSources } from "../console-sources.ts";
import { DeploymentJudgements } from "./deployment-judgements.ts";
import { makeFrontPage, type Watched } from "./front-page.ts";

const avatars = await sampleFlow();

const EMPTY: HistoryReader = {
  series: async () => [],
  totals: async () => new Map(),
  refusals: async () => [],
  requests: async () => [],
  request: async () => null,
  marks: async () => [],
  differences: async () => [],
  minutes: async () => [],
  newestAtMs: async () => null,
  close: async () => {},
};

interface Broken {
  readonly history?: Partial<HistoryReader>;
  readonly recordsFail?: boolean;
  readonly hasHistory?: boolean;
  readonly lastSignalAtMs?: number | null;
}

/** Only what a front page asks of a gate. */
function sourcesOf({
  history,
  recordsFail = false,
  hasHistory = true,
  lastSignalAtMs = null,
}: Broken): ConsoleSources {
  const gate = {
    flows: makeFlowSet([avatars]),
    log: openLog("off"),
    settings: { signals: { history: hasHistory } },
    records: {
      list: async () => {
        if (recordsFail) throw new Error("the database is locked");
        return [];
      },
    },
  };
  return {
    gate: gate as unknown as GateParts,
    history: { ...EMPTY, ...history },
    marks: { mark: () => {}, flush: async () => {} },
    readiness: async () => ({ ok: true, parts: [] }),
    undescribed: () => [],
    lastSignalAtMs: () => lastSignalAtMs,
    commandLine: [],
    token: "t",
    version: "1",
    startedAtMs: 0,
    now: () => NOW,
  };
}

async function told(broken: Broken): Promise<Readonly<Record<string, readonly [string, string]>>> {
  const sources = sourcesOf(broken);
  const watched: Watched = {
    probe: () => null,
    jobs: () => [],
    lastCheck: async () => {
      throw new Error("the folder of runs cannot be read");
    },
    judgements: new DeploymentJudgements(sources.history),
  };
  const page = await makeFrontPage(sources, watched);
  assert.equal(page.flows[0]?.name, "avatars");
  return Object.fromEntries(
    page.answers.map((one) => [one.question, [one.condition, one.sentence] as const]),
  );
}

test("a history that cannot be read takes only its own answers away", async () => {
  const history = {
    totals: async () => {
      throw new Error("no such table");
    },
  };
  const { up, slow, jobs, change } = await told({ history });
  assert.deepEqual(slow, ["stale", "The history of requests cannot be read; the log says why."]);
  assert.deepEqual(change, slow);
  assert.deepEqual([up?.[0], jobs?.[0]], ["good", "good"]);
});

test("records that cannot be read take only theirs away", async () => {
  const { up, slow, jobs } = await told({ recordsFail: true });
  assert.deepEqual(jobs, ["stale", "The records of uploads cannot be read."]);
  assert.deepEqual([up?.[0], slow?.[0]], ["good", "unknown"]);
});

test("a history that nobody keeps says so", async () => {
  const { slow } = await told({ hasHistory: false });
  assert.deepEqual(slow, [
    "stale",
    "No history of requests is kept (signals: { history: false } in the settings).",
  ]);
});

test("a history that is not written any more while requests come is stale", async () => {
  const newest = NOW - 30 * 60_000;
  const history = { newestAtMs: async () => newest };
  const { slow } = await told({ history, lastSignalAtMs: NOW - 5 * 60_000 });
  assert.deepEqual(slow, [
    "stale",
    "Requests come, and nothing of them could be written into the history since 10:27 UTC; the log says why.",
  ]);
  assert.equal((await told({ history, lastSignalAtMs: newest })).slow?.[0], "unknown");
});
