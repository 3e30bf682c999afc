/**
 * The gate's history from signals to answers, on real records and a real reader's thread.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSignal } from "../../fixtures/signals/sample-signal.ts";
import { GateError } from "../../src/problems/gate-error.ts";
import type { HistoryStore } from "../../src/signals/history/history-store.ts";
import { openHistoryReader } from "../../src/signals/history/reader/open-history-reader.ts";
import { NOON_MS, openHistory } from "./open-history.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const around = (ms: number) => ({ fromMs: ms - DAY_MS, toMs: ms + DAY_MS });

test("what happened is told in figures: outcomes, times, cache, database calls", async (t) => {
  const { reader, openWriter } = await openHistory(t);
  const writer = await openWriter();
  for (const appMs of [10, 20, 30]) writer.take(sampleSignal({ service: { appMs, databaseCalls: appMs } }));
  writer.take(sampleSignal({ service: { appMs: null, waitMs: 40, cache: "hit", databaseCalls: null } }));
  writer.take(sampleSignal({ outcome: "refused", code: "FILE_TOO_LARGE", service: null }));
  writer.take(sampleSignal({ outcome: "failed", code: "UPSTREAM_TIMEOUT", durationMs: 90_000 }));
  writer.take(sampleSignal({ flow: null, mode: null, outcome: "passed", bytesIn: 0 }));
  await writer.flush();
  const totals = await reader.totals(around(NOON_MS));
  const flow = totals.get("avatars");
  assert.deepEqual(flow?.outcomes, { accepted: 4, refused: 1, failed: 1 });
  assert.deepEqual(flow.cache, { miss: 3, hit: 1 });
  assert.deepEqual(flow.databaseCalls, { mean: 20, max: 30 });
  assert.equal(flow.appMs?.count, 4);
  assert.equal(flow.appMs.max, 40);
  assert.equal(flow.totalMs?.max, 120);
  assert.deepEqual(totals.get(null)?.outcomes, { passed: 1 });
  assert.equal(totals.size, 2);
  const [all] = await reader.series({ range: around(NOON_MS), pointsMax: 1 });
  assert.equal(all?.requests, 7);
  const refusals = await reader.refusals({ flow: "avatars", range: around(NOON_MS) });
  assert.deepEqual(refusals, [{ code: "FILE_TOO_LARGE", count: 1, lastAtMs: NOON_MS }]);
});

test("in observe, what would have been refused is counted by its code", async (t) => {
  const { reader, openWriter } = await openHistory(t);
  const writer = await openWriter();
  writer.take(sampleSignal({ mode: "observe", code: "FILE_TYPE_NOT_ALLOWED" }));
  await writer.flush();
  const [refusal] = await reader.refusals({ flow: "avatars", range: around(NOON_MS) });
  assert.deepEqual([refusal?.code, refusal?.count], ["FILE_TYPE_NOT_ALLOWED", 1]);
});

test("a gate that starts again within the same minute adds to it, and loses nothing of it", async (t) => {
  const { reader, openWriter, clock } = await openHistory(t);
  for (let start = 0; start < 3; start++) {
    const writer = await openWriter();
    writer.take(sampleSignal());
    await writer.close();
    clock.ms += 1000;
  }
  const minutes = await reader.minutes({ flow: "avatars", range: around(NOON_MS) });
  assert.deepEqual(
    minutes.map(({ fromMs, requests }) => [fromMs, requests]),
    [[NOON_MS, 3]],
  );
  const marks = await reader.marks({ range: around(NOON_MS) });
  assert.deepEqual(
    marks.map(({ kind }) => kind),
    ["start", "stop", "start", "stop", "start", "stop"],
  );
});

test("whatever range is asked, each request in it is told once: by minutes, hours and days", async (t) => {
  const seed = Number(process.env.SEED ?? 7);
  t.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const { reader, openWriter, clock } = await openHistory(t);
  const writer = await openWriter();
  const times: number[] = [];
  const end = NOON_MS + 46 * HOUR_MS;
  while (clock.ms < end) {
    writer.take(sampleSignal({ atMs: clock.ms }));
    times.push(clock.ms);
    clock.ms += Math.floor(random() * 40 * MINUTE_MS);
    if (random() < 0.3) await writer.flush();
  }
  await writer.flush();
  for (let round = 0; round < 60; round++) {
    const [one = 0, other = 0] = [random(), random()]
      .map((share) => NOON_MS + Math.floor((share * (end - NOON_MS)) / MINUTE_MS) * MINUTE_MS)
      .sort((a, b) => a - b);
    const range = { fromMs: one, toMs: other };
    const expected = times.filter((ms) => ms >= one && ms < other).length;
    const totals = await reader.totals(range);
    assert.equal(totals.get("avatars")?.requests ?? 0, expected, `${one} to ${other}`);
    const series = await reader.series({ flow: "avatars", range, pointsMax: 30 });
    const stepMs = series[0]?.stepMs ?? MINUTE_MS;
    const from = Math.floor(one / stepMs) * stepMs;
    assert.ok(series.length <= 30);
    assert.deepEqual(
      series.map(({ fromMs }) => fromMs),
      series.map((_, index) => from + index * stepMs),
    );
    if (stepMs < HOUR_MS) {
      const inSteps = times.filter((ms) => ms >= from && ms < other).length;
      assert.equal(
        series.reduce((sum, { requests }) => sum + requests, 0),
        inSteps,
      );
    }
  }
});

test("a clock that is set back loses nothing and counts nothing twice", async (t) => {
  const { reader, openWriter, clock } = await openHistory(t);
  const writer = await openWriter();
  for (const hours of [0, -3, -3, 2, 0, 0]) {
    clock.ms = NOON_MS + hours * HOUR_MS;
    writer.take(sampleSignal());
    await writer.flush();
  }
  const totals = await reader.totals({ fromMs: NOON_MS - 3 * DAY_MS, toMs: NOON_MS + 3 * DAY_MS });
  assert.equal(totals.get("avatars")?.requests, 6);
});

test("while the records take nothing, nothing waits and nothing is lost that was not told to be", async (t) => {
  const { records, reader, openWriter, clock, lost } = await openHistory(t);
  let isBroken = true;
  const store: HistoryStore = {
    remember: (change) =>
      isBroken ? Promise.reject(new GateError("RECORDS_UNAVAILABLE")) : records.remember(change),
    historySeen: () => records.historySeen(),
    forgetHistory: (nowMs, limit) => records.forgetHistory(nowMs, limit),
  };
  const writer = await openWriter(store);
  for (let minute = 0; minute < 90; minute++) {
    writer.take(sampleSignal({ outcome: "failed", code: "UPSTREAM_TIMEOUT" }));
    await writer.flush();
    clock.ms += MINUTE_MS;
  }
  isBroken = false;
  await writer.flush();
  assert.equal((await reader.totals(around(NOON_MS))).get("avatars")?.requests, 90);
  assert.equal((await reader.minutes({ flow: "avatars", range: around(NOON_MS) })).length, 90);
  assert.equal(lost(), 0);
});

test("records that stay away for days are waited for in bounded memory; what is dropped is counted", async (t) => {
  const { records, openWriter, clock, lost } = await openHistory(t);
  const store: HistoryStore = {
    remember: () => Promise.reject(new GateError("RECORDS_UNAVAILABLE")),
    historySeen: () => records.historySeen(),
    forgetHistory: () => Promise.resolve(0),
  };
  const writer = await openWriter(store);
  for (let minute = 0; minute < 3000; minute++) {
    writer.take(sampleSignal({ outcome: "failed" }));
    clock.ms += MINUTE_MS;
  }
  await writer.flush();
  // Minutes of the flow and of all: 6,000, beside hours and days; 5,000 may wait.
  assert.ok(lost() > 900 && lost() < 1500, `${lost()} lost`);
});

test("kept requests are found by kind and id, with all that was told of them", async (t) => {
  const { reader, openWriter, clock } = await openHistory(t);
  const writer = await openWriter();
  const failed = sampleSignal({ outcome: "failed", code: "UPSTREAM_TIMEOUT", status: 504 });
  const slow = sampleSignal({ service: { appMs: 5000 } });
  for (let index = 0; index < 30; index++) writer.take(index === 7 ? slow : sampleSignal());
  writer.take(failed);
  clock.ms += MINUTE_MS;
  writer.take(sampleSignal());
  await writer.flush();
  assert.deepEqual(await reader.request(failed.requestId), { ...failed, keptBecause: "failed" });
  const [slowest] = await reader.requests({ flow: "avatars", because: "slow", limit: 5 });
  assert.deepEqual(slowest, { ...slow, keptBecause: "slow" });
  assert.equal((await reader.requests({ because: "sample", limit: 99 })).length, 1);
  assert.equal(await reader.request("unknown"), null);
});

test("a flood of refused requests keeps few of them, and counts all", async (t) => {
  const { reader, openWriter } = await openHistory(t);
  const writer = await openWriter();
  for (let index = 0; index < 20_000; index++)
    writer.take(sampleSignal({ flow: null, outcome: "refused", code: "ROUTE_UNKNOWN", path: `/${index}` }));
  await writer.flush();
  assert.equal((await reader.requests({ because: "refused", limit: 1000 })).length, 10);
  assert.equal((await reader.totals(around(NOON_MS))).get(null)?.requests, 20_000);
});

test("a new version on answers and an edited flow are marked, also when the gate was down meanwhile", async (t) => {
  const { reader, openWriter, clock } = await openHistory(t);
  const flow = { name: "avatars", policyVersion: "aa", mode: "observe" };
  const first = await openWriter();
  first.noteFlows([flow]);
  first.take(sampleSignal({ service: { version: "1" } }));
  await first.close();
  clock.ms += HOUR_MS;
  const second = await openWriter();
  second.noteFlows([{ ...flow, policyVersion: "bb", mode: "enforce" }]);
  second.take(sampleSignal({ service: { version: "2" } }));
  await second.flush();
  const marks = await reader.marks({ flow: "avatars", range: around(NOON_MS) });
  assert.deepEqual(
    marks.filter(({ flow }) => flow !== null).map(({ kind, version, previous }) => [kind, version, previous]),
    [
      ["flow", "bb", "aa"],
      ["mode", "enforce", "observe"],
      ["version", "2", "1"],
    ],
  );
});

test("what somebody says of a deployment is cut to a bounded length", async (t) => {
  const { reader, openWriter } = await openHistory(t);
  const writer = await openWriter();
  const text = "x".repeat(10_000);
  writer.mark({
    atMs: NOON_MS,
    kind: "deploy",
    flow: null,
    version: text,
    previous: null,
    note: text,
    by: "me",
  });
  await writer.flush();
  const mark = (await reader.marks({ range: around(NOON_MS) })).find(({ kind }) => kind === "deploy");
  assert.deepEqual([mark?.version?.length, mark?.note?.length, mark?.by], [500, 500, "me"]);
});

test("an empty history answers with nothing, and one that is not there with an error", async (t) => {
  const { reader } = await openHistory(t);
  assert.equal(await reader.newestAtMs(), null);
  assert.equal((await reader.totals(around(NOON_MS))).size, 0);
  const points = await reader.series({ flow: "avatars", range: around(NOON_MS), pointsMax: 48 });
  assert.ok(points.length > 0 && points.every(({ requests, appMs }) => requests === 0 && appMs === null));
  const missing = openHistoryReader("/nowhere/records.sqlite");
  await assert.rejects(
    missing.newestAtMs(),
    (error) => error instanceof GateError && error.code === "RECORDS_UNAVAILABLE",
  );
  await missing.close();
});

/** Mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
