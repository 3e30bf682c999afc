import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type RangeReading, readRange } from "./byte-ranges.ts";

const part = (first: number, last: number): RangeReading => ({ kind: "part", first, last });
const WHOLE: RangeReading = { kind: "whole" };
const UNSATISFIABLE: RangeReading = { kind: "unsatisfiable" };

for (const [header, expected] of [
  ["bytes=0-0", part(0, 0)],
  ["bytes=10-19", part(10, 19)],
  ["bytes=90-", part(90, 99)],
  ["bytes=0-", part(0, 99)],
  ["bytes=95-1000", part(95, 99)],
  ["bytes=-1", part(99, 99)],
  ["bytes=-1000", part(0, 99)],
  ["BYTES=5-6", part(5, 6)],
  ["bytes=5-6,", part(5, 6)],
  ["bytes=, ,5-6", part(5, 6)],
  [`bytes=7-${"9".repeat(400)}`, part(7, 99)],
  ["bytes=100-", UNSATISFIABLE],
  ["bytes=100-200", UNSATISFIABLE],
  ["bytes=-0", UNSATISFIABLE],
  [`bytes=${"9".repeat(400)}-`, UNSATISFIABLE],
  ["bytes=6-5", WHOLE],
  ["bytes=0-1,5-6", WHOLE],
  ["bytes=0-1, bytes=5-6", WHOLE],
  ["bytes=200-300,400-500", WHOLE],
  ["bytes=", WHOLE],
  ["bytes=-", WHOLE],
  ["bytes=a-b", WHOLE],
  ["bytes=1 - 2", WHOLE],
  ["bytes=+1-2", WHOLE],
  ["bytes=0x1-2", WHOLE],
  ["bytes=--5", WHOLE],
  ["bytes 0-1", WHOLE],
  ["pages=1-2", WHOLE],
  ["", WHOLE],
] as const) {
  test(`of 100 bytes, ${header.length > 40 ? `${header.slice(0, 30)}…` : `"${header}"`} asks for ${expected.kind === "part" ? `${expected.first} to ${expected.last}` : expected.kind}`, () => {
    assert.deepEqual(readRange(header, 100), expected);
  });
}

test("an empty file has no part, and its end is all of it", () => {
  assert.deepEqual(readRange("bytes=0-0", 0), UNSATISFIABLE);
  assert.deepEqual(readRange("bytes=-5", 0), WHOLE);
  assert.deepEqual(readRange(undefined, 0), WHOLE);
});

test("any header gives a part inside the file or none", () => {
  const runs = { seed: Date.now() % 1_000_000 };
  console.log(`seed ${runs.seed}`);
  const spec = fc.oneof(fc.stringMatching(/^[0-9-]{0,25}$/), fc.string());
  const header = fc.oneof(
    fc.array(spec, { maxLength: 4 }).map((specs) => `bytes=${specs.join(",")}`),
    fc.string(),
  );
  fc.assert(
    fc.property(header, fc.nat(1000), (text, sizeBytes) => {
      const reading = readRange(text, sizeBytes);
      if (reading.kind === "part")
        assert.ok(0 <= reading.first && reading.first <= reading.last && reading.last < sizeBytes);
    }),
    runs,
  );
});
