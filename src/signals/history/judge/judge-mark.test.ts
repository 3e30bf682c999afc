/**
 * Judgements of changes on simulated traffic: log-normal times, minutes of changing load, cache hits at a quarter of the time.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSignal } from "../../../../fixtures/signals/sample-signal.ts";
import type { HistoryPoint, Mark } from "../history.ts";
import { TrafficPoint } from "../traffic-point.ts";
import { judgeMark } from "./judge-mark.ts";
import type { JudgeInput, MarkJudgement } from "./mark-judgement.ts";

const MARK: Mark = {
  id: "1",
  atMs: 1_795_348_800_000,
  kind: "deploy",
  flow: null,
  version: "3c4d",
  previous: "1a2b",
  note: null,
  by: null,
};

/** What a minute's requests are like. */
interface Traffic {
  readonly minutes: number;
  readonly perMinute?: number;
  readonly ms?: number;
  readonly hitShare?: number;
  readonly errorShare?: number;
  readonly calls?: number;
}

const seed = Number(process.env.SEED ?? 6);

/** Mulberry32. */
function seededRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

function minutesOf(traffic: Traffic, random: () => number): HistoryPoint[] {
  return Array.from({ length: traffic.minutes }, (_, minute) => minuteOf(traffic, minute, random));
}

function minuteOf(traffic: Traffic, minute: number, random: () => number): HistoryPoint {
  const { perMinute = 10, ms = 200, hitShare = 0, errorShare = 0, calls = 3 } = traffic;
  const point = new TrafficPoint();
  const noise = Math.exp(0.05 * normal(random));
  for (let request = 0; request < Math.max(1, perMinute + Math.round(2 * normal(random))); request++) {
    const isHit = random() < hitShare;
    const appMs = ms * noise * Math.exp(0.35 * normal(random)) * (isHit ? 0.25 : 1);
    const isWrong = random() < errorShare;
    const service = { appMs, cache: isHit ? "hit" : "miss", databaseCalls: isHit ? 0 : calls } as const;
    point.take(sampleSignal({ service, outcome: isWrong ? "failed" : "accepted" }));
  }
  return toPoint(point, MARK.atMs + minute * 60_000);
}

function toPoint(point: TrafficPoint, fromMs: number): HistoryPoint {
  const calls = [...point.calls.values()];
  const count = calls.reduce((sum, one) => sum + one.count, 0);
  return {
    fromMs,
    stepMs: 60_000,
    requests: point.requests,
    outcomes: Object.fromEntries(point.outcomes),
    cache: Object.fromEntries(point.cache),
    totalMs: point.total.quantiles(),
    appMs: null,
    databaseCalls:
      count === 0 ? null : { mean: calls.reduce((sum, one) => sum + one.sum, 0) / count, max: 0 },
    bytesIn: 0,
    appByCache: Object.fromEntries(point.app),
  };
}

function judge(
  before: Traffic,
  after: Traffic,
  random: () => number,
  change: Partial<JudgeInput> = {},
): MarkJudgement {
  return judgeMark({
    mark: MARK,
    before: minutesOf(before, random),
    after: minutesOf(after, random),
    lastWeek: null,
    smallestEffect: { share: 0.05, ms: 5 },
    ...change,
  });
}

/** How often a verdict comes in many runs. */
function shareOf(
  runs: number,
  isIt: (judged: MarkJudgement) => boolean,
  run: (random: () => number) => MarkJudgement,
): number {
  const random = seededRandom(seed);
  let count = 0;
  for (let index = 0; index < runs; index++) if (isIt(run(random))) count += 1;
  return count / runs;
}

const hour: Traffic = { minutes: 60 };

test("without a change, nothing is suspected in at least 95 % of runs", (t) => {
  t.diagnostic(`SEED=${seed}`);
  assert.ok(
    shareOf(
      200,
      ({ verdict }) => verdict === "same",
      (random) => judge(hour, hour, random),
    ) >= 0.95,
  );
});

test("time that is a fifth longer is suspected in at least 95 % of runs, and said so", (t) => {
  t.diagnostic(`SEED=${seed}`);
  const slower = (random: () => number): MarkJudgement => judge(hour, { ...hour, ms: 240 }, random);
  assert.ok(shareOf(60, ({ time }) => time.direction === "up", slower) >= 0.95);
  const { verdict, sentence } = slower(seededRandom(1));
  assert.equal(verdict, "worse");
  assert.match(
    sentence,
    /^Suspected: service time \+\d+ % \(\+\d+ % to \+\d+ %\), \d+ ms → 2\d\d ms\. Otherwise: no errors, /,
  );
});

test("a cache that hits more often is told as that, and never as faster", (t) => {
  t.diagnostic(`SEED=${seed}`);
  const [before, after] = [
    { ...hour, hitShare: 0.2 },
    { ...hour, hitShare: 0.45 },
  ];
  const run = (random: () => number): MarkJudgement => judge(before, after, random);
  assert.ok(shareOf(200, ({ time }) => time.direction === "same", run) >= 0.95);
  assert.ok(shareOf(20, ({ cache }) => cache.direction === "up", run) === 1);
});

test("a service that fails quickly is worse, whatever its time", () => {
  const judged = judge(
    { ...hour, errorShare: 0.005 },
    { ...hour, ms: 100, errorShare: 0.1 },
    seededRandom(2),
  );
  assert.equal(judged.time.direction, "down");
  assert.equal(judged.errors.direction, "up");
  assert.equal(judged.verdict, "worse");
});

test("database calls that go from 3 to 41 are told with both numbers", () => {
  const judged = judge(hour, { ...hour, calls: 41 }, seededRandom(3));
  assert.equal(judged.verdict, "different");
  assert.match(judged.sentence, /database calls 3 → 41 a request/);
});

test("too little traffic since is said, with how much there is", () => {
  const judged = judge(hour, { minutes: 12, ms: 400 }, seededRandom(4));
  assert.equal(judged.verdict, "not-enough");
  assert.equal(judged.sentence, "Too early to tell: since then 12 of 50 minutes with traffic.");
});

test("too few requests are said, also in many minutes", () => {
  const judged = judge({ minutes: 60, perMinute: 1 }, hour, seededRandom(5));
  assert.equal(judged.verdict, "not-enough");
  assert.match(judged.sentence, /^There is too little before it to compare with: \d+ of 200 requests\.$/);
});

test("one bad window of three is no change", () => {
  const random = seededRandom(6);
  const after = [...minutesOf({ minutes: 20, ms: 600 }, random), ...minutesOf({ minutes: 40 }, random)];
  assert.equal(judge(hour, hour, random, { after }).time.direction, "same");
});

test("what these hours bring every week is taken off, and told", () => {
  const random = seededRandom(7);
  const hours = (ms: number): HistoryPoint[] =>
    Array.from({ length: 3 }, () => ({
      ...minuteOf(hour, 0, random),
      appMs: { count: 600, p50: ms, p95: ms, p99: ms, max: ms },
    }));
  const lastWeek = { before: hours(200), after: hours(260) };
  const judged = judge(hour, { ...hour, ms: 260 }, random, { lastWeek });
  assert.equal(judged.time.direction, "same");
  assert.match(judged.sentence, /last week \(\+30 %\) is taken off\.$/);
});
