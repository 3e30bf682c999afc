import assert from "node:assert/strict";
import { test } from "node:test";
import { readServerTiming, readServiceTiming } from "./service-timing.ts";

test("the header of the Python package is read", () => {
  const timing = readServiceTiming('recv;dur=1.2, app;dur=8.4, db;dur=3.1;desc="7 calls"');
  assert.deepEqual(timing, { appMs: 8.4, recvMs: 1.2, databaseMs: 3.1, databaseCalls: 7 });
});

test("what is not told is null", () => {
  const nothing = { appMs: null, recvMs: null, databaseMs: null, databaseCalls: null };
  assert.deepEqual(readServiceTiming(null), nothing);
  assert.deepEqual(readServiceTiming(""), nothing);
  assert.deepEqual(readServiceTiming("cdn-cache;desc=HIT"), nothing);
});

test("the gate's metrics stand first, and the service's count", () => {
  const timing = readServiceTiming("permit;dur=0.1, recv;dur=3, app;dur=12, recv;dur=1, app;dur=9");
  assert.deepEqual([timing.recvMs, timing.appMs], [1, 9]);
});

test("the gate's own waiting stands in where the service says nothing", () => {
  assert.equal(readServiceTiming("permit;dur=0.1, app;dur=12").appMs, 12);
});

test("calls are read in the words that people use, and from nothing else", () => {
  const said: readonly (readonly [string, number | null])[] = [
    ["1 call", 1],
    ["7 queries", 7],
    ["41 SQL queries", 41],
    ["0", 0],
    ["many calls", null],
    ["7 calls or so", null],
  ];
  for (const [desc, calls] of said)
    assert.equal(readServiceTiming(`db;desc="${desc}"`).databaseCalls, calls, desc);
});

test("quoted commas and semicolons separate nothing, and rubbish hides nothing", () => {
  const metrics = readServerTiming(
    'a;desc="x, y; dur=3 \\"z\\"";dur=1, , =3, b c;dur=1, db;dur=-4, app;DUR=5;dur=6',
  );
  assert.deepEqual(
    [...metrics],
    [
      ["a", { durationMs: 1, description: 'x, y; dur=3 "z"' }],
      ["db", {}],
      ["app", { durationMs: 5 }],
    ],
  );
});
