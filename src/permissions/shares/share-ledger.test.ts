import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  concurrent,
  flowWithShares,
  quota,
  rate,
  SteppedClock,
} from "../../../test/permissions/flow-with-shares.ts";
import type { Flow } from "../../flows/flow.ts";
import type { ErrorCode } from "../../problems/error-code.ts";
import { GateError } from "../../problems/gate-error.ts";
import { LedgerTime } from "./ledger-time.ts";
import { ShareLedger } from "./share-ledger.ts";
import type { Reservation } from "./shares.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 86_400_000;
const KIB = 1024;

let clock: SteppedClock;
let ledger: ShareLedger;
beforeEach(() => {
  clock = new SteppedClock();
  ledger = new ShareLedger(new LedgerTime(clock));
});

function begin(book: ShareLedger, flow: Flow, address = "192.0.2.1"): Reservation {
  const reservation = book.reserve(flow, address);
  reservation.begin();
  return reservation;
}

function admit(flow: Flow, principal = "alice", lengthBytes: number | null = 0): Reservation {
  const reservation = begin(ledger, flow);
  reservation.admit(principal, lengthBytes);
  return reservation;
}

/** What a refusal says, or `null` where there was none. */
function refusalOf(action: () => unknown): GateError | null {
  try {
    action();
    return null;
  } catch (error) {
    assert.ok(error instanceof GateError);
    return error;
  }
}

function refused(code: ErrorCode, action: () => unknown): GateError {
  const error = refusalOf(action);
  assert.equal(error?.code, code);
  return error as GateError;
}

/** Takes bytes and a file for good. */
function take(flow: Flow, bytes: number, principal = "alice"): void {
  const reservation = admit(flow, principal, bytes);
  reservation.settle(bytes, 1);
  reservation.end();
}

test("a rate lets so many requests in, tells when the first of them leaves the window, and then lets one more in", () => {
  const flow = flowWithShares(rate(2, MINUTE));
  admit(flow).end();
  clock.pass(10_000);
  admit(flow).end();
  const error = refused("RATE_EXCEEDED", () => admit(flow));
  // Taken at 0 s in the slot that ends at 1 s: it leaves the window at 61 s, which is 51 s from now.
  assert.equal(error.retryAfterSeconds, 51);
  assert.deepEqual(error.details, { violatedPolicies: ["rate-principal"] });
  clock.pass(50_999);
  refused("RATE_EXCEEDED", () => admit(flow));
  clock.pass(1);
  admit(flow).end();
});

test("a request that its own rate refuses is not counted, so that asking again too early delays nothing", () => {
  const flow = flowWithShares(rate(1, MINUTE));
  admit(flow).end();
  for (let second = 0; second < 60; second += 1) {
    refused("RATE_EXCEEDED", () => admit(flow));
    clock.pass(1000);
  }
  clock.pass(1000);
  admit(flow).end();
});

test("a request that its address was counted for stays counted when the quota refuses it", () => {
  const flow = flowWithShares(rate(1, MINUTE, "address"), quota({ bytes: 10 }, DAY));
  refused("QUOTA_TOO_SMALL", () => admit(flow, "alice", 11));
  refused("RATE_EXCEEDED", () => begin(ledger, flow));
});

test("each principal has a share of its own, and all share that of the flow", () => {
  const flow = flowWithShares(rate(1, MINUTE), rate(2, MINUTE, "flow"));
  admit(flow, "alice").end();
  refused("RATE_EXCEEDED", () => admit(flow, "alice"));
  admit(flow, "bob").end();
  const error = refused("RATE_EXCEEDED", () => admit(flow, "carol"));
  assert.deepEqual(error.details.violatedPolicies, ["rate-flow"]);
});

test("shares are taken together or not at all", () => {
  const flow = flowWithShares(concurrent(5), rate(5, MINUTE), quota({ bytes: 100 }, DAY));
  take(flow, 60);
  const reservation = ledger.reserve(flow, "192.0.2.1");
  refused("QUOTA_EXCEEDED", () => reservation.admit("alice", 60));
  assert.match(
    new Map(reservation.headers()).get("RateLimit") ?? "",
    /"concurrent-principal";r=5, "rate-principal";r=4;/,
  );
});

test("a place is kept until the upload ends, also after it was settled", () => {
  const flow = flowWithShares(concurrent(1));
  const first = admit(flow);
  first.settle(10, 1);
  assert.equal(refused("CONCURRENCY_EXCEEDED", () => admit(flow)).retryAfterSeconds, 5);
  first.end();
  first.end();
  const second = admit(flow);
  refused("CONCURRENCY_EXCEEDED", () => admit(flow));
  second.end();
});

test("a declared length is reserved whole, so two parallel halves never make more than the whole", () => {
  const flow = flowWithShares(quota({ bytes: 100 }, DAY));
  const first = admit(flow, "alice", 60);
  const error = refused("QUOTA_EXCEEDED", () => admit(flow, "alice", 60));
  assert.equal(error.seen, "60 bytes in this upload, 0 bytes taken and 60 bytes reserved by other uploads");
  assert.equal(error.retryAfterSeconds, 5);
  const second = admit(flow, "alice", 40);
  first.settle(60, 1);
  second.settle(40, 1);
  assert.equal(
    refused("QUOTA_EXCEEDED", () => admit(flow, "alice", 1)).retryAfterSeconds,
    (DAY + DAY / 60) / 1000,
  );
});

test("bytes of unknown length are reserved in slabs, down to the last byte of the quota", () => {
  const flow = flowWithShares(quota({ bytes: 600 * KIB }, DAY));
  const [first, second] = [admit(flow, "alice", null), admit(flow, "alice", null)];
  first.grow(256 * KIB, 1);
  second.grow(256 * KIB, 1);
  refused("QUOTA_EXCEEDED", () => second.grow(400 * KIB, 1));
  first.grow(344 * KIB, 1);
  refused("QUOTA_EXCEEDED", () => first.grow(344 * KIB + 1, 1));
  refused("QUOTA_TOO_SMALL", () => first.grow(600 * KIB + 1, 1));
  second.end();
  first.grow(600 * KIB, 1);
});

test("an upload of unknown length is refused at once where nothing is left", () => {
  const flow = flowWithShares(quota({ bytes: 100 }, DAY));
  take(flow, 100);
  refused("QUOTA_EXCEEDED", () => admit(flow, "alice", null));
  admit(flow, "alice", 0).end();
});

test("files are counted one at the beginning and more as they begin", () => {
  const flow = flowWithShares(quota({ files: 3 }, DAY));
  const first = admit(flow);
  first.grow(0, 2);
  const second = admit(flow);
  assert.match(refused("QUOTA_EXCEEDED", () => first.grow(0, 3)).seen ?? "", /^3 files in this upload/);
  assert.equal(first.settle(5, 2)[0]?.files, 2);
  second.end();
  admit(flow).end();
});

test("an upload that dies gives back everything but its request", () => {
  const flow = flowWithShares(quota({ bytes: 100, files: 1 }, DAY), concurrent(1), rate(3, MINUTE));
  for (let attempt = 0; attempt < 3; attempt += 1) admit(flow, "alice", 100).end();
  refused("RATE_EXCEEDED", () => admit(flow, "alice", 100));
  clock.pass(61_000);
  admit(flow, "alice", 100).end();
});

test("what was taken is charged once, in the slot of the moment", () => {
  const flow = flowWithShares(quota({ bytes: 100 }, DAY), rate(9, HOUR));
  const reservation = admit(flow, "alice", 100);
  clock.pass(DAY / 2);
  const [bytes, request] = reservation.settle(70, 1);
  const dayBegan = clock.wallMs() - DAY / 2;
  assert.deepEqual(bytes, {
    share: "avatars/quota-principal",
    subject: "principal:alice",
    slotMs: dayBegan + DAY / 2,
    requests: 0,
    files: 1,
    bytes: 70,
    expiresAtMs: dayBegan + DAY / 2 + DAY / 60 + DAY,
  });
  assert.deepEqual(
    [request?.share, request?.slotMs, request?.requests],
    ["avatars/rate-principal", dayBegan, 1],
  );
  assert.deepEqual(reservation.settle(70, 1), []);
  admit(flow, "alice", 30);
  refused("QUOTA_EXCEEDED", () => admit(flow, "alice", 1));
});

test("a pace over a minute or less is written down a little later, and not with what was taken", () => {
  const flow = flowWithShares(rate(9, MINUTE), quota({ bytes: 100 }, DAY));
  const reservation = admit(flow, "alice", 100);
  const taken = reservation.settle(70, 1);
  assert.deepEqual(
    taken.map(({ share }) => share),
    ["avatars/quota-principal"],
  );
  assert.deepEqual(
    ledger.takeUnrecorded().map(({ share, requests }) => [share, requests]),
    [["avatars/rate-principal", 1]],
  );
  assert.deepEqual(ledger.takeUnrecorded(), []);
});

test("an upload larger than the whole quota is told so, without a time to come back", () => {
  const flow = flowWithShares(quota({ bytes: 100 }, DAY));
  const error = refused("QUOTA_TOO_SMALL", () => admit(flow, "alice", 101));
  assert.deepEqual([error.status, error.retry, error.retryAfterSeconds], [413, "never", null]);
  assert.equal(error.expected, "at most 100 bytes in any 1 d for each caller");
});

test("of several shares that are short the longest wait is told, and all are named", () => {
  const flow = flowWithShares(rate(1, MINUTE), quota({ bytes: 100 }, DAY));
  take(flow, 100);
  const error = refused("QUOTA_EXCEEDED", () => admit(flow, "alice", 1));
  assert.deepEqual(error.details.violatedPolicies, ["rate-principal", "quota-principal"]);
});

test("a refusal by a share of the whole flow does not tell what others send", () => {
  const flow = flowWithShares(quota({ bytes: 100 }, DAY, "flow"));
  take(flow, 90, "bob");
  const reservation = ledger.reserve(flow, "192.0.2.1");
  const error = refused("QUOTA_EXCEEDED", () => reservation.admit("alice", 20));
  assert.equal(error.seen, "20 bytes in this upload");
  assert.deepEqual(reservation.headers(), []);
});

test("an upload whose release was not recorded took nothing but its request", () => {
  const flow = flowWithShares(rate(2, MINUTE), concurrent(1), quota({ bytes: 100, files: 1 }, DAY));
  const failed = admit(flow, "alice", 100);
  failed.settle(100, 1);
  failed.unsettle();
  failed.unsettle();
  assert.deepEqual(failed.settle(100, 1), []);
  failed.end();
  assert.deepEqual(
    ledger.takeUnrecorded().map(({ requests, bytes, files }) => [requests, bytes, files]),
    [[1, 0, 0]],
  );
  admit(flow, "alice", 100).end();
  refused("RATE_EXCEEDED", () => admit(flow, "alice", 1));
});

test("an upload that seems to be one that was taken before needs nothing of the quota, unless it is a new one after all", () => {
  const flow = flowWithShares(rate(4, MINUTE), concurrent(1), quota({ bytes: 100 }, DAY));
  take(flow, 100);
  const again = begin(ledger, flow);
  refused("QUOTA_EXCEEDED", () => again.admit("alice", 100));
  again.admitAgain();
  again.grow(1000, 1);
  const beside = begin(ledger, flow);
  refused("CONCURRENCY_EXCEEDED", () => beside.admit("alice", 0));
  beside.end();
  refused("QUOTA_EXCEEDED", () => again.settle(100, 1));
  again.end();
  admit(flow, "alice", 0).end();
  const third = admit(flow, "alice", 0);
  third.end();
  const tooOften = begin(ledger, flow);
  refused("QUOTA_EXCEEDED", () => tooOften.admit("alice", 100));
  refused("RATE_EXCEEDED", () => tooOften.admitAgain());
});

test("a reload that lowers a limit holds for new uploads, and those at work keep what they have", () => {
  const before = flowWithShares(quota({ bytes: 100 }, DAY));
  const after = flowWithShares(quota({ bytes: 50 }, DAY / 2));
  const running = admit(before, "alice", null);
  running.grow(40, 1);
  refused("QUOTA_EXCEEDED", () => admit(after, "alice", 1));
  running.settle(40, 1);
  running.end();
  admit(after, "alice", 10);
  refused("QUOTA_EXCEEDED", () => admit(after, "alice", 1));
});

test("a clock set forward frees nothing, and one set back blocks nobody for longer", () => {
  for (const jumpMs of [30 * DAY, -30 * DAY]) {
    const flow = flowWithShares(rate(1, MINUTE));
    const principal = `after ${jumpMs}`;
    admit(flow, principal).end();
    clock.setWall(jumpMs);
    assert.equal(refused("RATE_EXCEEDED", () => admit(flow, principal)).retryAfterSeconds, 61);
    clock.pass(61_000);
    admit(flow, principal).end();
  }
});

test("entries for the records are dated by the wall clock as it is now", () => {
  const flow = flowWithShares(quota({ bytes: 100 }, DAY));
  clock.setWall(3 * DAY);
  const entries = admit(flow, "alice", 1).settle(1, 1);
  assert.ok((entries[0]?.slotMs ?? 0) > clock.wallMs() - DAY);
  assert.ok((entries[0]?.slotMs ?? Infinity) <= clock.wallMs());
});

test("headers tell what is allowed and what is left, as structured fields", () => {
  const flow = flowWithShares(
    rate(10, MINUTE),
    concurrent(2, "address"),
    quota({ bytes: 1000, files: 5 }, DAY),
    quota({ files: 9 }, DAY, "address"),
    rate(100, MINUTE, "flow"),
  );
  take(flow, 300);
  clock.pass(30_000);
  const reservation = admit(flow, "alice", 100);
  assert.deepEqual(reservation.headers(), [
    [
      "RateLimit-Policy",
      '"concurrent-address";q=2;qu="concurrent-requests", "rate-principal";q=10;w=60, ' +
        '"quota-principal";q=1000;qu="content-bytes";w=86400;sluicegate-files=5',
    ],
    [
      "RateLimit",
      '"concurrent-address";r=1, "rate-principal";r=8;t=31, ' +
        `"quota-principal";r=600;t=${86400 + 1440 - 30};sluicegate-files=3`,
    ],
  ]);
  assert.deepEqual(ledger.reserve(flowWithShares(), "192.0.2.1").headers(), []);
});

test("subjects that have nothing left in a window are forgotten", () => {
  const flow = flowWithShares(rate(5, MINUTE, "address"), concurrent(5, "address"));
  const reservations = Array.from({ length: 200 }, (_, n) => begin(ledger, flow, `198.51.100.${n}`));
  clock.pass(2 * MINUTE);
  ledger.sweep(1000);
  assert.equal(ledger.size, 400);
  for (const reservation of reservations) reservation.end();
  ledger.sweep(1000);
  ledger.sweep(1000);
  assert.equal(ledger.size, 0);
});

test("a flood of addresses fills its own room only; who is known goes on, and who is new waits until others are forgotten", () => {
  const small = new ShareLedger(new LedgerTime(clock), { subjectsMax: 100, slotsMax: 1000 });
  const flow = flowWithShares(rate(3, MINUTE, "address"), rate(3, MINUTE));
  for (let n = 0; n < 100; n += 1) begin(small, flow, `10.0.0.${n}`).end();
  refused("GATE_BUSY", () => begin(small, flow, "10.0.1.1"));
  const known = begin(small, flow, "10.0.0.7");
  known.admit("alice", 0);
  assert.equal(small.size, 101);
  known.end();
  clock.pass(2 * MINUTE);
  for (let n = 0; n < 100; n += 1) begin(small, flow, `10.0.2.${n}`).end();
});

test("beyond the room for slots an account becomes coarser, and never gives anything back early", () => {
  const small = new ShareLedger(new LedgerTime(clock), { subjectsMax: 100, slotsMax: 4 });
  const flow = flowWithShares(rate(10, MINUTE));
  for (let n = 0; n < 10; n += 1) {
    begin(small, flow, "10.0.0.1").admit("alice", 0);
    clock.pass(1000);
  }
  // The first of ten was taken 50 s ago plus what passes here; with slots of its own it would leave at 61 s.
  clock.pass(51_000);
  refused("RATE_EXCEEDED", () => begin(small, flow, "10.0.0.1").admit("alice", 0));
  clock.pass(10_000);
  begin(small, flow, "10.0.0.1").admit("alice", 0);
});
