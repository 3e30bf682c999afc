import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addSketches, packSketches } from "./sketch-bytes.ts";
import { bucketOf, TimeTally, timeOf } from "./time-sketch.ts";

/** From a microsecond to a day. */
const times = fc.double({ min: 0.001, max: 86_000_000, noNaN: true });

const tallyOf = (values: readonly number[]): TimeTally => {
  const tally = new TimeTally();
  for (const value of values) tally.add(value);
  return tally;
};

test("every time lies in its bucket, and is read within 2 % of itself", () => {
  fc.assert(
    fc.property(times, (ms) => {
      const bucket = bucketOf(ms);
      assert.ok(ms * 1000 <= 1.04 ** bucket * (1 + 1e-9));
      assert.ok(bucket === 0 || ms * 1000 > 1.04 ** (bucket - 1) * (1 - 1e-9));
      assert.ok(Math.abs(timeOf(bucket) - ms) <= 0.02 * ms, `${ms} is read as ${timeOf(bucket)}`);
    }),
  );
});

test("quantiles are within 2 % of the exact ones by nearest rank, and the largest is exact", () => {
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 400 }), (values) => {
      const quantiles = tallyOf(values).quantiles();
      const sorted = Float64Array.from(values).sort();
      assert.ok(quantiles !== null);
      for (const [share, read] of [
        [0.5, quantiles.p50],
        [0.95, quantiles.p95],
        [0.99, quantiles.p99],
      ] as const) {
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        // Half a microsecond more: the largest time is kept in whole ones.
        assert.ok(Math.abs(read - exact) <= 0.02 * exact + 0.0005, `${share}: ${read} for ${exact}`);
      }
      assert.ok(Math.abs(quantiles.max - (sorted.at(-1) ?? 0)) <= 0.0005);
    }),
  );
});

test("sketches add up to the sketch of all times, also over bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.array(times), { maxLength: 5 }), (groups) => {
      const whole = tallyOf(groups.flat());
      const merged = new TimeTally();
      const read = new TimeTally();
      for (const group of groups) {
        merged.merge(tallyOf(group));
        addSketches(packSketches([undefined, tallyOf(group)]), 2, () => read);
      }
      assert.deepEqual(merged.filled(), whole.filled());
      assert.deepEqual(read.filled(), whole.filled());
      assert.deepEqual(read.quantiles(), whole.quantiles());
    }),
  );
});

test("counts and times far beyond 32 bits survive their bytes", () => {
  const tally = new TimeTally();
  tally.add(86_399_999);
  tally.addBucket(7, 3_000_000_000);
  const read = new TimeTally();
  addSketches(packSketches([tally]), 1, () => read);
  assert.deepEqual(read.filled(), tally.filled());
  assert.equal(read.maxMicroseconds, 86_399_999_000);
});

test("bytes that are no sketch neither throw nor go on for ever", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const tally = new TimeTally();
      addSketches(Uint8Array.from([1, ...bytes]), 5, () => tally);
      assert.ok(Number.isFinite(tally.count));
    }),
  );
});

test("what is no time counts as none at all", () => {
  assert.equal(bucketOf(Number.NaN), 0);
  assert.equal(bucketOf(-5), 0);
  assert.equal(bucketOf(Number.POSITIVE_INFINITY), bucketOf(1e12));
});
