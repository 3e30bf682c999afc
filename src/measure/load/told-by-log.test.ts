import assert from "node:assert/strict";
import { test } from "node:test";
import type { MeasuredRequest } from "../measured-request.ts";
import { isUntold, toldByLog } from "./told-by-log.ts";

const silent = (requestId: string | null): MeasuredRequest =>
  ({
    requestId,
    outcome: "accepted",
    recvMs: null,
    appMs: null,
    databaseMs: null,
    databaseCalls: null,
    cache: "unknown",
    caches: {},
  }) as unknown as MeasuredRequest;

const line = (id: string, calls: number): string =>
  `INFO sluicegate.request ${JSON.stringify({ event: "request", "request.id": id, "flow.app.ms": 8.4, "flow.recv.ms": 1, "flow.db.ms": 3.1, "flow.db.calls": calls, "flow.cache.state": "hit" })}`;

test("what answers did not tell is taken from the log, by the request's id", () => {
  const log = [line("a", 7), "not json", "{broken", JSON.stringify({ "request.id": "c" }), line("b", 9)].join(
    "\n",
  );
  const { requests, told } = toldByLog([silent("a"), silent("c"), silent(null)], log);
  assert.equal(told, 1);
  assert.deepEqual(
    requests.map(({ appMs, databaseCalls, cache }) => [appMs, databaseCalls, cache]),
    [
      [8.4, 7, "hit"],
      [null, null, "unknown"],
      [null, null, "unknown"],
    ],
  );
});

test("what an answer told stays, and an id that two lines have tells nothing", () => {
  const heard = { ...silent("a"), databaseCalls: 3, cache: "miss" as const };
  const { requests } = toldByLog([heard, silent("b")], [line("a", 7), line("b", 1), line("b", 2)].join("\n"));
  assert.deepEqual(
    requests.map(({ appMs, databaseCalls, cache }) => [appMs, databaseCalls, cache]),
    [
      [8.4, 3, "miss"],
      [null, null, "unknown"],
    ],
  );
});

test("a log is asked for only where it could tell more", () => {
  assert.ok(isUntold([silent("a")]));
  assert.ok(!isUntold([{ ...silent("a"), appMs: 1, databaseCalls: 0 }]));
  assert.ok(!isUntold([{ ...silent("a"), outcome: "failed" }]));
});
