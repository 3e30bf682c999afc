/**
 * What every driver of `Records` must do with history, as tests: rows are put, replaced by fuller ones of the same writer, bounded and forgotten.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { OpenedRecords } from "./records.contract.ts";
import type { HistoryMarkRow, HistoryPointRow, HistoryRequestRow, Records } from "./records.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = 1_795_348_800_000;

/** A row as a gate would write it. */
function samplePoint(change: Partial<HistoryPointRow> = {}): HistoryPointRow {
  return {
    stepMs: 60_000,
    fromMs: NOW_MS,
    flow: "avatars",
    writer: 1,
    requests: 3,
    bytesIn: 300,
    counts: "{}",
    times: "AQAAAAAA",
    values: "{}",
    ...change,
  };
}

function sampleRequest(change: Partial<HistoryRequestRow> = {}): HistoryRequestRow {
  return {
    flow: "avatars",
    because: "failed",
    atMs: NOW_MS,
    requestId: randomUUID(),
    signal: '{"status":502}',
    ...change,
  };
}

function sampleMark(change: Partial<HistoryMarkRow> = {}): HistoryMarkRow {
  return {
    id: randomUUID(),
    atMs: NOW_MS,
    kind: "deploy",
    flow: null,
    version: "3c4d",
    previous: "1a2b",
    note: null,
    by: "operator",
    ...change,
  };
}

/** Forgets until nothing is left to forget. @returns how many rows went */
async function forgetAll(records: Records, nowMs: number): Promise<number> {
  let sum = 0;
  for (;;) {
    const forgotten = await records.forgetHistory(nowMs, 500);
    if (forgotten === 0) return sum;
    sum += forgotten;
  }
}

/** Registers the history's tests of one driver. */
export function recordsHistoryContract(name: string, open: () => Promise<OpenedRecords>): void {
  describe(`history in records by ${name}`, () => {
    let opened: OpenedRecords;
    let records: Records;
    beforeEach(async () => {
      opened = await open();
      records = opened.records;
    });
    afterEach(() => opened.dispose());

    test("what was seen last is read back, also after opening again", async () => {
      await records.remember({
        seen: [
          { flow: "b", what: "version", value: "1", atMs: 1 },
          { flow: "a", what: "mode", value: "observe", atMs: 2 },
        ],
      });
      await records.remember({ seen: [{ flow: "b", what: "version", value: "2", atMs: 3 }] });
      records = await opened.reopen();
      assert.deepEqual(await records.historySeen(), [
        { flow: "a", what: "mode", value: "observe", atMs: 2 },
        { flow: "b", what: "version", value: "2", atMs: 3 },
      ]);
    });

    test("minutes are forgotten after 48 hours, hours and days after 400 days, and younger ones stay", async () => {
      const points = [
        samplePoint({ fromMs: NOW_MS - 48 * HOUR_MS - 1 }),
        samplePoint({ fromMs: NOW_MS - 48 * HOUR_MS }),
        samplePoint({ stepMs: HOUR_MS, fromMs: NOW_MS - 400 * DAY_MS - 1 }),
        samplePoint({ stepMs: HOUR_MS, fromMs: NOW_MS - 400 * DAY_MS }),
        samplePoint({ stepMs: DAY_MS, fromMs: NOW_MS - 400 * DAY_MS }),
      ];
      await records.remember({ points });
      assert.equal(await forgetAll(records, NOW_MS), 2);
      assert.equal(await forgetAll(records, NOW_MS + 1), 3);
    });

    test("a row written again replaces itself; one of another writer stands beside it", async () => {
      await records.remember({ points: [samplePoint({ requests: 3 })] });
      await records.remember({ points: [samplePoint({ requests: 4 }), samplePoint({ writer: 2 })] });
      assert.equal(await forgetAll(records, NOW_MS + 49 * HOUR_MS), 2);
    });

    test("marks are forgotten after 400 days; one with a known id is put once", async () => {
      const mark = sampleMark();
      await records.remember({ marks: [mark, sampleMark({ atMs: NOW_MS - 400 * DAY_MS - 1 })] });
      await records.remember({ marks: [mark] });
      assert.equal(await forgetAll(records, NOW_MS), 1);
      assert.equal(await forgetAll(records, NOW_MS + 401 * DAY_MS), 1);
    });

    test("starts and stops push out older ones of themselves, and no deployment", async () => {
      const starts = Array.from({ length: 1005 }, (_, index) =>
        sampleMark({ kind: "start", atMs: NOW_MS + index }),
      );
      await records.remember({ marks: [sampleMark({ atMs: NOW_MS - 1 }), ...starts] });
      assert.equal(await forgetAll(records, NOW_MS), 5);
    });

    test("of each flow and kind the newest 200 requests stay, and 30 days", async () => {
      const requests = Array.from({ length: 250 }, () => sampleRequest());
      await records.remember({ requests: [...requests, sampleRequest({ because: "slow" })] });
      assert.equal(await forgetAll(records, NOW_MS + 30 * DAY_MS), 0);
      assert.equal(await forgetAll(records, NOW_MS + 30 * DAY_MS + 1), 201);
    });
  });
}
