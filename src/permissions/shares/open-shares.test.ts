import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { flowWithShares, quota, rate, SteppedClock } from "../../../test/permissions/flow-with-shares.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { UsageEntry } from "../../records/records.ts";
import { openShares } from "./open-shares.ts";
import { recallUse } from "./recalled-use.ts";

const DAY = 86_400_000;
const FLOW = flowWithShares(rate(2, DAY), quota({ bytes: 100 }, DAY));

/** Records as far as shares use them, which can be made to fail. */
class UseRecords {
  readonly entries: UsageEntry[] = [];
  isDown = false;

  async usage(nowMs: number): Promise<readonly UsageEntry[]> {
    return this.entries.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }

  async note({ usage = [] }: { readonly usage?: readonly UsageEntry[] }): Promise<void> {
    if (this.isDown) throw new GateError("RECORDS_UNAVAILABLE");
    this.entries.push(...usage);
  }
}

let clock: SteppedClock;
let records: UseRecords;
beforeEach(() => {
  clock = new SteppedClock();
  records = new UseRecords();
});

const codeOf = (action: () => void): string | null => {
  try {
    action();
    return null;
  } catch (error) {
    return error instanceof GateError ? error.code : String(error);
  }
};

test("requests that no release recorded are written at the end, and known at the next start", async () => {
  const shares = await openShares(records, clock);
  for (let n = 0; n < 2; n += 1) shares.reserve(FLOW, "192.0.2.1").admit("alice", 0);
  await shares.close();
  assert.deepEqual(
    records.entries.map(({ share, subject, requests }) => [share, subject, requests]),
    [["avatars/rate-principal", "principal:alice", 2]],
  );
  const next = await openShares(records, clock);
  const admit = (principal: string) => () => next.reserve(FLOW, "192.0.2.1").admit(principal, 0);
  assert.equal(codeOf(admit("alice")), "RATE_EXCEEDED");
  assert.equal(codeOf(admit("bob")), null);
  await next.close();
});

test("a request that went along with its release is not written twice", async () => {
  const shares = await openShares(records, clock);
  const reservation = shares.reserve(FLOW, "192.0.2.1");
  reservation.admit("alice", 10);
  await records.note({ usage: reservation.settle(10, 1) });
  await shares.close();
  assert.deepEqual(
    records.entries.map(({ requests, bytes }) => [requests, bytes]),
    [
      [1, 0],
      [0, 10],
    ],
  );
});

test("what could not be written waits for the next time, and closing never fails", async () => {
  const shares = await openShares(records, clock);
  shares.reserve(FLOW, "192.0.2.1").admit("alice", 0);
  records.isDown = true;
  await shares.close();
  assert.equal(records.entries.length, 0);
  records.isDown = false;
  shares.reserve(FLOW, "192.0.2.1").admit("bob", 0);
  await shares.close();
  assert.deepEqual(
    records.entries.map(({ subject }) => subject),
    ["principal:alice", "principal:bob"],
  );
});

const entry = (slotMs: number): UsageEntry => ({
  share: "avatars/quota-principal",
  subject: "principal:alice",
  slotMs,
  requests: 0,
  files: 0,
  bytes: 100,
  expiresAtMs: slotMs + DAY / 60 + DAY,
});

test("after a clock was set back, use counts for one window from the start at most, and a date far ahead for none", async () => {
  for (const [aheadMs, isCounted] of [
    [-DAY - DAY / 60, false],
    [-DAY, true],
    [0, true],
    [DAY / 2, true],
    [DAY - DAY / 60, true],
    [DAY, false],
    [3650 * DAY, false],
  ] as const) {
    records = new UseRecords();
    records.entries.push(entry(clock.wallMs() + aheadMs));
    const shares = await openShares(records, clock);
    const ask = () => shares.reserve(FLOW, "192.0.2.1").admit("alice", 1);
    assert.equal(codeOf(ask), isCounted ? "QUOTA_EXCEEDED" : null, `${aheadMs} ms ahead`);
    clock.pass(DAY + DAY / 60);
    assert.equal(codeOf(ask), null, `${aheadMs} ms ahead, a window later`);
    await shares.close();
  }
});

test("window and slot are read back from an entry as they were, whatever the window is", () => {
  for (const windowMs of [1, 59, 60, 61, 1000, 60_000, 3_600_001, DAY, 30 * DAY + 7]) {
    const lengthMs = Math.max(1, Math.ceil(windowMs / 60));
    const slotMs = lengthMs * 1_000_000;
    const recalled = recallUse({ ...entry(slotMs), expiresAtMs: slotMs + lengthMs + windowMs }, slotMs);
    assert.deepEqual(recalled, { endMs: slotMs + lengthMs, windowMs }, `${windowMs}`);
  }
});
