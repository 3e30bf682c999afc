import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSignal } from "../../../fixtures/signals/sample-signal.ts";
import { ValueCounts } from "./value-counts.ts";

const failed = (change: Parameters<typeof sampleSignal>[0]) => sampleSignal({ ...change, outcome: "failed" });

test("what the bad ones have in common stands first, with both shares", () => {
  const values = new ValueCounts();
  for (let index = 0; index < 9; index++)
    values.take(sampleSignal({ client: index < 3 ? "okhttp" : "curl" }));
  for (let index = 0; index < 4; index++) values.take(failed({ client: "okhttp" }));
  const [first] = values.differences(1);
  assert.deepEqual(first, {
    property: "client",
    value: "okhttp",
    badShare: 1,
    goodShare: 3 / 9,
    bad: 4,
    good: 3,
  });
});

test("refused requests are neither bad nor good", () => {
  const values = new ValueCounts();
  values.take(sampleSignal({ outcome: "refused", code: "FILE_TOO_LARGE" }));
  assert.deepEqual(values.toWritten(), {});
});

test("values of hostile clients are bounded in number and length, and none is lost", () => {
  const values = new ValueCounts();
  for (let index = 0; index < 1000; index++)
    values.take(failed({ path: `/${index}/${"x".repeat(300)}`, client: `__proto__${index}` }));
  const written = values.toWritten();
  for (const counts of Object.values(written)) {
    assert.ok(Object.keys(counts).length <= 17);
    assert.equal(
      Object.values(counts).reduce((sum, [bad]) => sum + bad, 0),
      1000,
    );
    for (const value of Object.keys(counts)) assert.ok(value.length <= 96);
  }
  assert.ok(JSON.stringify(written).length < 8000);
});

test("what was written adds up with what is there, also a value named __proto__", () => {
  const values = new ValueCounts();
  values.take(failed({ client: "__proto__" }));
  const text = JSON.stringify(values.toWritten());
  values.mergeWritten(JSON.parse(text));
  assert.deepEqual(Object.entries(values.toWritten().client ?? {}), [["__proto__", [2, 0]]]);
});

test("sizes fall into steps of four", () => {
  const values = new ValueCounts();
  for (const bytesIn of [0, 1, 1024, 4095, 4096, 10_000_000]) values.take(failed({ bytesIn }));
  assert.deepEqual(Object.entries(values.toWritten().size ?? {}), [
    ["empty", [1, 0]],
    ["1 B to 4 B", [1, 0]],
    ["1 KiB to 4 KiB", [2, 0]],
    ["4 KiB to 16 KiB", [1, 0]],
    ["4 MiB to 16 MiB", [1, 0]],
  ]);
});
