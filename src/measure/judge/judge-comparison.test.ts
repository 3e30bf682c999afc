import assert from "node:assert/strict";
import { test } from "node:test";
import {
  STEADY_ARM as A,
  QUIET_HOST,
  type SimulatedArm,
  type SimulatedHost,
  simulatedInput,
  simulatedPairs,
} from "../../../test/measure/simulated-run.ts";
import { UNWRITTEN_MEASURE } from "../../flows/measure/unwritten.ts";
import type { Comparison } from "../comparison.ts";
import { exitOf } from "./exit-of.ts";
import { noiseOfPairs } from "./host-noise.ts";
import { judgeComparison } from "./judge-comparison.ts";
import type { JudgeInput, SegmentPair } from "./judge-input.ts";

const CACHED = { ...UNWRITTEN_MEASURE, caches: [{ name: "app", header: null, clear: null }] };
/** So that a test is about its own subject, and not about chance. */
const STILL: SimulatedHost = { ...QUIET_HOST, pairs: 20, segmentNoise: 0.01 };

function judged(
  a: SimulatedArm,
  b: SimulatedArm,
  changed: Partial<JudgeInput> = {},
  host = STILL,
): Comparison {
  return judgeComparison(simulatedInput(simulatedPairs(a, b, host, 4), { seed: 4, ...changed }));
}

function withHealth(
  pairs: readonly SegmentPair[],
  health: Partial<SegmentPair["b"]["health"]>,
  every = 2,
): readonly SegmentPair[] {
  return pairs.map((pair) =>
    pair.pair % every === 0 ? { ...pair, b: { ...pair.b, health: { ...pair.b.health, ...health } } } : pair,
  );
}

test("a fifth less is FASTER, with the numbers of all four rows in its sentence", () => {
  const seen = judged(
    { ...A, databaseCalls: 41 },
    { ...A, medianMs: 160, databaseCalls: 3 },
    { expected: -0.2 },
  );
  assert.equal(seen.verdict, "FASTER");
  assert.ok(Math.abs((seen.likeForLike?.estimate ?? 0) + 0.2) < 0.06);
  assert.match(seen.sentence, /^FASTER: service time of accepted uploads \(p95\) −\d/);
  assert.match(seen.sentence, /errors 0\/2,000 → 0\/2,000, cache mix unchanged, database calls 41 → 3/);
  assert.match(seen.sentence, /One thing differed: git\.commit\.$/);
  assert.deepEqual(
    seen.rows.map(({ name, judgement }) => `${name} ${judgement}`),
    ["time better", "errors same", "cache same", "database better"],
  );
  assert.equal(exitOf(seen, -0.2), 0);
});

test("a fifth more is SLOWER, unless so much was announced", () => {
  const seen = judged(A, { ...A, medianMs: 240 });
  assert.equal(seen.verdict, "SLOWER");
  assert.equal(exitOf(seen, null), 1);
  assert.equal(exitOf(seen, -0.1), 1);
  assert.equal(exitOf(seen, 0.2), 0);
});

test("judging the same again gives the same", () => {
  assert.deepEqual(judged(A, { ...A, medianMs: 190 }), judged(A, { ...A, medianMs: 190 }));
});

test("another key that differs refuses the comparison and is named", () => {
  const input = simulatedInput(simulatedPairs(A, { ...A, medianMs: 100 }, STILL, 4), { seed: 4 });
  const values = { ...input.arms.b.fingerprint.values, "env.WORKERS": "4" };
  const seen = judgeComparison({
    ...input,
    arms: { ...input.arms, b: { ...input.arms.b, fingerprint: { values } } },
  });
  assert.equal(seen.verdict, "REFUSED CONFOUNDED");
  assert.match(seen.sentence, /env\.WORKERS differs too: 2 and 4/);
  assert.equal(exitOf(seen, null), 5);
  const ignored = judgeComparison({
    ...input,
    ignoredKeys: ["env.WORKERS"],
    arms: { ...input.arms, b: { ...input.arms.b, fingerprint: { values } } },
  });
  assert.equal(ignored.verdict, "FASTER");
});

test("a key that changed in the middle of the run refuses it, and one that is unseen is only named", () => {
  const input = simulatedInput(simulatedPairs(A, A, STILL, 4), { seed: 4 });
  const changedMeanwhile = [{ key: "git.commit", from: "9f8e7d6", to: "aaaaaaa" }];
  const changed = judgeComparison({
    ...input,
    arms: { ...input.arms, b: { ...input.arms.b, changedMeanwhile } },
  });
  assert.equal(changed.verdict, "REFUSED CONFOUNDED");
  const values = { ...input.arms.b.fingerprint.values, "env.WORKERS": null };
  const unseen = judgeComparison({
    ...input,
    arms: { ...input.arms, b: { ...input.arms.b, fingerprint: { values } } },
  });
  assert.deepEqual(unseen.unseen, ["env.WORKERS"]);
  assert.notEqual(unseen.verdict, "REFUSED CONFOUNDED");
});

test("a moved cache mix without a change like for like is refused, with both numbers", () => {
  const seen = judged({ ...A, hitShare: 0.2 }, { ...A, hitShare: 0.45 }, { measure: CACHED });
  assert.equal(seen.verdict, "REFUSED CACHE MIX MOVED");
  assert.ok((seen.raw?.estimate ?? 0) < (seen.likeForLike?.estimate ?? 0));
  assert.match(seen.sentence, /Cache hit: \d+ % → \d+ %/);
  assert.match(seen.rows[2]?.sentence ?? "", /come from the other mix/);
});

test("a true win beside a moved mix is FASTER, and tells what it would look like otherwise", () => {
  const seen = judged({ ...A, hitShare: 0.2 }, { ...A, hitShare: 0.45, medianMs: 140 }, { measure: CACHED });
  assert.equal(seen.verdict, "FASTER");
  assert.match(seen.sentence, /without weighing the cache mix it would look like/);
  assert.deepEqual(Object.keys(seen.byCacheClass).sort(), ["hit", "miss"]);
});

test("a declared cache that does not tell is refused as unobserved", () => {
  const seen = judged({ ...A, tellsCache: false }, { ...A, tellsCache: false }, { measure: CACHED });
  assert.equal(seen.verdict, "REFUSED CACHE UNOBSERVED");
});

test("a cache class that only one arm has is refused", () => {
  const seen = judged(A, { ...A, hitShare: 0.5 }, { measure: CACHED });
  assert.equal(seen.verdict, "REFUSED NO OVERLAP");
});

test("an undeclared cache, seen by second sends, takes the win away", () => {
  const silent = { ...A, tellsCache: false };
  const seen = judged(silent, { ...silent, medianMs: 140, remembersPayloads: true });
  assert.equal(seen.verdict, "INCONCLUSIVE");
  assert.match(seen.sentence, /there is one that nobody has declared/);
  assert.equal(exitOf(seen, null), 3);
});

test("warm answers that became faster by a declared cache are FASTER BY CACHE", () => {
  const warm = simulatedPairs({ ...A, hitShare: 0.02 }, { ...A, hitShare: 0.95 }, STILL, 5, "warm");
  const seen = judged(A, A, { measure: CACHED, warm });
  assert.equal(seen.verdict, "FASTER BY CACHE");
  assert.match(seen.sentence, /with warm caches/);
  assert.ok(seen.reasons.some((reason) => reason.includes("second lap")));
  const shared = judged(A, A, {
    measure: CACHED,
    warm,
    cacheProof: { isHitBodyEqual: true, isHitAcrossUsers: true },
  });
  assert.equal(shared.verdict, "INCONCLUSIVE");
  assert.match(shared.sentence, /made for somebody else/);
});

test("a cache as the variable is never plain FASTER", () => {
  const input = simulatedInput(simulatedPairs({ ...A, hitShare: 0.1 }, { ...A, hitShare: 0.9 }, STILL, 4), {
    seed: 4,
  });
  const only = { "host.cpu": "two cores" };
  const arm = (base: JudgeInput["arms"]["a"], state: string): JudgeInput["arms"]["a"] => ({
    ...base,
    fingerprint: { values: { ...only, "cache.app": state } },
  });
  const seen = judgeComparison({
    ...input,
    variable: "cache.app",
    measure: CACHED,
    arms: { a: arm(input.arms.a, "off"), b: arm(input.arms.b, "on") },
    warm: simulatedPairs({ ...A, hitShare: 0.1 }, { ...A, hitShare: 0.9 }, STILL, 6, "warm"),
  });
  assert.equal(seen.verdict, "FASTER BY CACHE", seen.sentence);
});

test("whoever fails fast is not faster", () => {
  const seen = judged(A, { ...A, medianMs: 140, errorShare: 0.04 });
  assert.equal(seen.verdict, "WORSE ERRORS");
  assert.equal(exitOf(seen, null), 1);
});

test("errors that are gone are a verdict of their own, beside the same time", () => {
  const seen = judged({ ...A, errorShare: 0.03 }, A);
  assert.equal(seen.verdict, "FEWER ERRORS");
  assert.match(seen.sentence, /errors \d+\/2,000 → 0\/2,000/);
});

test("whoever refuses more uploads is not faster, and that is told first", () => {
  const seen = judged(A, { ...A, medianMs: 140, refusedShare: 0.1 });
  assert.equal(seen.verdict, "INCONCLUSIVE");
  assert.match(seen.sentence, /^Outcomes moved \(refused 0 % → /);
});

test("too few requests to rule out more errors keep a win from being called", () => {
  const seen = judged(A, { ...A, medianMs: 120 }, {}, { ...STILL, pairs: 10, requests: 60 });
  assert.equal(seen.metric.quantile, "p50");
  assert.equal(seen.verdict, "INCONCLUSIVE");
  assert.match(seen.sentence, /Errors could have risen/);
});

test("time that was moved to where the service does not count it is not saved", () => {
  const seen = judged(A, { ...A, uncountedMs: 80 });
  assert.equal(seen.verdict, "INCONCLUSIVE");
  assert.match(seen.sentence, /its client sees nothing of it|only \d/);
});

test("without app;dur in one arm, both are judged by what the client sees", () => {
  const seen = judged({ ...A, tellsApp: false }, { ...A, medianMs: 150 });
  assert.equal(seen.metric.of, "client");
  assert.equal(seen.verdict, "FASTER");
});

test("a change below what matters is DETECTABLE BUT TINY, and none is SAME", () => {
  const large: SimulatedHost = { ...STILL, pairs: 80, requests: 99 };
  assert.equal(judged(A, { ...A, medianMs: 193 }, {}, large).verdict, "DETECTABLE BUT TINY");
  assert.equal(judged(A, A, {}, large).verdict, "SAME");
});

test("milliseconds matter where the share alone would be nothing", () => {
  const quick = { ...A, medianMs: 8 };
  const seen = judged(quick, { ...quick, medianMs: 7 });
  assert.ok(["DETECTABLE BUT TINY", "SAME"].includes(seen.verdict), seen.sentence);
});

test("with fewer than eight pairs nothing is called, and how many are missing is told", () => {
  const pairs = simulatedPairs(A, { ...A, medianMs: 100 }, STILL, 4).slice(0, 5);
  const seen = judgeComparison(simulatedInput(pairs, { seed: 4 }));
  assert.equal(seen.verdict, "INCONCLUSIVE");
  assert.equal(seen.pairsMore, 3);
  assert.equal(seen.likeForLike, null);
  assert.deepEqual(JSON.parse(JSON.stringify(seen)), seen);
});

test("what is not clear says how many more pairs would settle it", () => {
  const seen = judged(A, { ...A, medianMs: 190 }, {}, { ...QUIET_HOST, segmentNoise: 0.15 });
  assert.equal(seen.verdict, "INCONCLUSIVE", seen.sentence);
  assert.ok((seen.pairsMore ?? 0) > 5);
});

test("a host that differs from itself makes the run INVALID", () => {
  const pairs = simulatedPairs(A, { ...A, medianMs: 300 }, { ...STILL, pairs: 6 }, 9);
  const seen = judged(A, { ...A, medianMs: 120 }, { noise: { kind: "pairs", pairs } });
  assert.equal(seen.verdict, "INVALID");
  assert.match(seen.sentence, /the same arm against itself differed/);
  assert.equal(exitOf(seen, null), 5);
});

test("noise that was kept is used for a day, for the same metric alone", () => {
  const noise = noiseOfPairs(
    simulatedPairs(A, A, { ...STILL, pairs: 6 }, 9),
    30_000,
    Date.UTC(2026, 10, 22, 12),
  );
  assert.ok(noise !== null);
  assert.equal(judged(A, A, { noise: { kind: "stored", noise } }).noise?.pairs, 6);
  const old = { ...noise, measuredAtMs: Date.UTC(2026, 10, 20) };
  const seen = judged(A, A, { noise: { kind: "stored", noise: old } });
  assert.equal(seen.noise, null);
  assert.ok(seen.health.some((line) => line.includes("more than a day ago")));
});

test("a host that goes by a quarter while the run lasts makes it INVALID", () => {
  const seen = judged(A, { ...A, medianMs: 120 }, {}, { ...STILL, drift: 0.6 });
  assert.equal(seen.verdict, "INVALID");
});

test("segments of a late generator drop their pairs, and many of them the run", () => {
  const pairs = simulatedPairs(A, { ...A, medianMs: 150 }, STILL, 4);
  const few = judgeComparison(simulatedInput(withHealth(pairs, { sendLagP99Ms: 80 }, 10), { seed: 4 }));
  assert.equal(few.verdict, "FASTER");
  assert.equal(few.pairs.filter(({ dropped }) => dropped !== null).length, 2);
  const many = judgeComparison(simulatedInput(withHealth(pairs, { sendLagP99Ms: 80 }), { seed: 4 }));
  assert.equal(many.verdict, "INVALID");
  assert.match(many.sentence, /10 of 20 pairs cannot count/);
});

test("segments that ended since the target suffered are errors, not an invalid run", () => {
  const pairs = simulatedPairs(A, { ...A, errorShare: 0.3 }, STILL, 4);
  const stopped = withHealth(pairs, { completeShare: 0.5, stopped: "answers of 5xx rose" }, 1);
  assert.equal(judgeComparison(simulatedInput(stopped, { seed: 4 })).verdict, "WORSE ERRORS");
  const calm = withHealth(
    simulatedPairs(A, A, STILL, 4),
    { completeShare: 0.5, stopped: "time was over" },
    1,
  );
  assert.equal(judgeComparison(simulatedInput(calm, { seed: 4 })).verdict, "INVALID");
});

test("another number of database calls that the variable does not explain is a second difference", () => {
  const input = simulatedInput(simulatedPairs(A, { ...A, databaseCalls: 41 }, STILL, 4), { seed: 4 });
  const arm = (base: JudgeInput["arms"]["a"], workers: string): JudgeInput["arms"]["a"] => ({
    ...base,
    fingerprint: { values: { "env.WORKERS": workers } },
  });
  const seen = judgeComparison({
    ...input,
    variable: "env.WORKERS",
    arms: { a: arm(input.arms.a, "2"), b: arm(input.arms.b, "4") },
  });
  assert.ok(
    seen.reasons.some((reason) => reason.startsWith("A second difference")),
    seen.reasons.join(" "),
  );
});

test("no pair at all is not clear, and does not throw", () => {
  const seen = judgeComparison(simulatedInput([], { seed: 1 }));
  assert.equal(seen.verdict, "INCONCLUSIVE");
  assert.equal(seen.pairsMore, 8);
});

test("a service that accepts nothing before the change cannot be compared with", () => {
  assert.equal(judged({ ...A, errorShare: 1 }, A).verdict, "INVALID");
  assert.equal(judged(A, { ...A, errorShare: 1 }).verdict, "WORSE ERRORS");
});
