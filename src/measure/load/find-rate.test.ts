import assert from "node:assert/strict";
import { test } from "node:test";
import type { MeasuredRequest } from "../measured-request.ts";
import type { LoadGenerator, LoadPlan } from "../measurement.ts";
import { type FoundRate, findRate } from "./find-rate.ts";

const REQUEST: MeasuredRequest = {
  arm: "measure",
  pair: 0,
  index: 0,
  intendedMs: 0,
  firstByteSentMs: 0,
  lastByteSentMs: 0,
  firstByteBackMs: 10,
  endedMs: 10,
  status: 201,
  outcome: "accepted",
  reason: null,
  sentBytes: 100,
  sizeBucket: 64,
  payload: "0",
  repeat: 0,
  phase: "cold",
  cache: "unknown",
  caches: {},
  recvMs: null,
  appMs: null,
  databaseMs: null,
  databaseCalls: null,
  requestId: null,
};

/** A route that answers in `msAt` at each rate; `null`: with an error. */
async function found(
  msAt: (rate: number) => number | null,
  uploadBytes = 100,
): Promise<FoundRate & { steps: number[] }> {
  const steps: number[] = [];
  const answer = ({ ratePerSecond, requests }: LoadPlan): MeasuredRequest[] => {
    const ms = msAt(ratePerSecond);
    const one: MeasuredRequest =
      ms === null
        ? { ...REQUEST, outcome: "failed", reason: "the status is 503" }
        : { ...REQUEST, endedMs: ms };
    return Array.from({ length: requests }, (_, index) => ({ ...one, index }));
  };
  const generator: LoadGenerator = {
    run: async ({ arm, pair, plan }) => {
      steps.push(plan.ratePerSecond);
      const health = { arm, pair, startedAtMs: 0, elapsedMs: 0, sendLagP99Ms: 0, busyShare: 0.1 };
      return { health: { ...health, completeShare: 1, stopped: null }, requests: answer(plan) };
    },
    close: async () => {},
  };
  const { signal } = new AbortController();
  const input = { origin: "http://127.0.0.1:1", seed: 1, timeoutMs: 1000, uploadBytes, signal };
  return { ...(await findRate(generator, input)), steps };
}

test("the rate is doubled until uploads take longer, and half of what was borne is taken", async () => {
  const { ratePerSecond, steps, sentence } = await found((rate) => (rate > 16 ? 80 : 10));
  assert.deepEqual(steps, [4, 8, 16, 32]);
  assert.equal(ratePerSecond, 8);
  assert.equal(
    sentence,
    "16 uploads a second were borne, 32 were not (they took 80 ms in place of 10 ms); measured at 8 a second, half of that.",
  );
});

test("errors are as much an end as slowness", async () => {
  const { ratePerSecond, sentence } = await found((rate) => (rate > 32 ? null : 10));
  assert.equal(ratePerSecond, 16);
  assert.match(sentence, /64 were not \(160 of 160 were not accepted: the status is 503\)/);
});

test("it ends at 128 a second, and at little where not even the first step is borne", async () => {
  assert.equal((await found(() => 10)).ratePerSecond, 64);
  const { ratePerSecond, steps } = await found(() => null);
  assert.deepEqual([ratePerSecond, steps], [1, [4]]);
});

test("large uploads are not sent until the network is full", async () => {
  const { steps, sentence } = await found(() => 10, 8 * 1024 * 1024);
  assert.deepEqual(steps, [4, 8]);
  assert.match(sentence, /more would send too much/);
});
