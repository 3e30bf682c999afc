import assert from "node:assert/strict";
import { test } from "node:test";
import { BYTE_RATE_PATTERN, formatByteRate, readByteRate } from "./byte-rate.ts";
import { DURATION_PATTERN, formatDuration, readDuration } from "./duration.ts";
import { PERCENTAGE_PATTERN, readPercentage } from "./percentage.ts";
import { RATE_PATTERN, readRate } from "./rate.ts";
import type { Reading } from "./reading.ts";
import { formatSize, PIXELS_PATTERN, readPixels, readSize, SIZE_PATTERN } from "./size.ts";

function sentence(reading: Reading<unknown>): string {
  assert.equal(reading.ok, false, "expected a complaint");
  return reading.ok ? "" : reading.complaints.map(({ message }) => message).join(" ");
}

function same<T>(reading: Reading<T>, expected: T): void {
  assert.deepEqual(reading, { ok: true, value: expected });
}

test("sizes are read in units of a thousand and of 1024", () => {
  const table: [string, number][] = [
    ["1 B", 1],
    ["200 kB", 200_000],
    ["5 MB", 5_000_000],
    ["5 MiB", 5_242_880],
    ["5MiB", 5_242_880],
    ["1.5 GiB", 1_610_612_736],
    ["2 GiB", 2_147_483_648],
    ["1 TB", 1e12],
    ["0 B", 0],
  ];
  for (const [written, bytes] of table) {
    same(readSize(written), bytes);
    assert.match(written, new RegExp(SIZE_PATTERN), "the editor's pattern takes it too");
  }
});

test("a size without a unit is a problem that says which units there are", () => {
  for (const written of [5, "5", 1.5])
    assert.match(sentence(readSize(written)), /has no unit.*5 MiB.*B, kB, MB/);
});

test("a unit in the wrong case or misspelt is answered with the right one", () => {
  assert.match(sentence(readSize("5 mib")), /Did you mean "MiB"\?/);
  assert.match(sentence(readSize("5 Kb")), /Did you mean "kB"\?/);
  assert.match(sentence(readDuration("5 mins")), /Did you mean "min"\?/);
});

test("what is no size is told as such", () => {
  const bad = [
    "",
    "MiB",
    "-5 MiB",
    "5  MiB",
    " 5 MiB",
    "5 MiB ",
    "1e3 B",
    "5,5 MiB",
    "٥ MiB",
    "5 MiB; x",
    "0.5 B",
  ];
  for (const written of [...bad, null, true, [], {}, Number.NaN, "9".repeat(400)])
    sentence(readSize(written));
});

test("a size beyond what numbers can hold exactly is refused", () => {
  assert.match(sentence(readSize("999999999 TiB")), /too large/);
  same(readSize("8000 TiB"), 8000 * 2 ** 40);
});

test("durations are read into milliseconds", () => {
  const table: [string, number][] = [
    ["800 ms", 800],
    ["30s", 30_000],
    ["1.5 s", 1500],
    ["10 min", 600_000],
    ["24h", 86_400_000],
    ["7 d", 604_800_000],
  ];
  for (const [written, ms] of table) {
    same(readDuration(written), ms);
    assert.match(written, new RegExp(DURATION_PATTERN));
  }
  assert.match(sentence(readDuration(30)), /30 has no unit.*ms, s, min, h and d/);
  assert.match(sentence(readDuration("0.5 ms")), /too fine/);
});

test("rates are a whole number in a unit of time", () => {
  same(readRate("10/min"), { count: 10, perMs: 60_000 });
  same(readRate("3 / s"), { count: 3, perMs: 1000 });
  assert.match("10/min", new RegExp(RATE_PATTERN));
  assert.match(sentence(readRate(10)), /10 has no unit.*10\/min/);
  assert.match(sentence(readRate("10/minute")), /not a unit of a rate/);
  assert.match(sentence(readRate("10/hh")), /Did you mean "h"\?/);
  assert.match(sentence(readRate("5/ms")), /not a unit/);
  assert.match(sentence(readRate("0/s")), /refuse everything/);
  for (const written of ["1.5/s", "-1/s", "10 per min", "/s", null, []]) sentence(readRate(written));
});

test("byte rates are a size in a second", () => {
  same(readByteRate("256 B/s"), 256);
  same(readByteRate("1.5KiB / s"), 1536);
  assert.match("256 B/s", new RegExp(BYTE_RATE_PATTERN));
  assert.match("1.5KiB / s", new RegExp(BYTE_RATE_PATTERN));
  same(readByteRate(formatByteRate(1000)), 1000);
  assert.match(sentence(readByteRate(256)), /256 has no unit.*256 B\/s/);
  assert.match(sentence(readByteRate("1 kB")), /Did you mean "1 kB\/s"\?/);
  assert.match(sentence(readByteRate("1 kB/min")), /"min" is not a unit of a byte rate/);
  assert.match(sentence(readByteRate("1 Kb/s")), /Did you mean "kB"\?/);
  assert.match(sentence(readByteRate("1/s")), /has no unit/);
  for (const written of ["", "/s", "B/s", "-1 B/s", "1 B/s/s", null, [], {}]) sentence(readByteRate(written));
});

test("percentages go from 0 to 100", () => {
  same(readPercentage("0.1 %"), 0.1);
  same(readPercentage("100%"), 100);
  assert.match("0.1 %", new RegExp(PERCENTAGE_PATTERN));
  assert.match(sentence(readPercentage(0.1)), /has no unit.*%/);
  assert.match(sentence(readPercentage("101 %")), /more than 100/);
  for (const written of ["0.1", "%", "-1 %", "1 percent", null]) sentence(readPercentage(written));
});

test("pixels are counted in thousands", () => {
  same(readPixels("40 MP"), 40_000_000);
  assert.match("40 MP", new RegExp(PIXELS_PATTERN));
  assert.match(sentence(readPixels(40)), /40 MP/);
});

test("sizes and durations are told in the unit that people would use, and read back the same", () => {
  const sizes: [number, string][] = [
    [5_242_880, "5 MiB"],
    [5_000_000, "5 MB"],
    [1_610_612_736, "1.5 GiB"],
    [1, "1 byte"],
    [777, "777 bytes"],
    [123_457, "123457 bytes"],
  ];
  for (const [bytes, told] of sizes) {
    assert.equal(formatSize(bytes), told);
    if (!told.includes("byte")) same(readSize(told), bytes);
  }
  for (const ms of [1, 800, 1000, 90_000, 3_600_000, 86_400_000]) same(readDuration(formatDuration(ms)), ms);
});
