/**
 * Any order of uploads, chunks, ends and clock steps, against a model that knows what was really taken and when.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  concurrent,
  flowWithShares,
  quota,
  rate,
  SteppedClock,
} from "../../../test/permissions/flow-with-shares.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { UsageEntry } from "../../records/records.ts";
import { LedgerTime } from "./ledger-time.ts";
import { ShareLedger } from "./share-ledger.ts";
import { SLAB_BYTES } from "./share-reservation.ts";
import type { Reservation } from "./shares.ts";

const WINDOW_MS = 60_000;
const SLOT_MS = 1000;
const BYTES_MAX = 4 * SLAB_BYTES;
const FILES_MAX = 4;
const REQUESTS_MAX = 5;
const UPLOADS_MAX = 3;
const FLOW = flowWithShares(
  rate(REQUESTS_MAX, WINDOW_MS),
  concurrent(UPLOADS_MAX),
  quota({ bytes: BYTES_MAX, files: FILES_MAX }, WINDOW_MS),
  rate(2 * REQUESTS_MAX, WINDOW_MS, "address"),
);
const PRINCIPALS = ["alice", "bob"];

type Step =
  | { readonly kind: "begin"; readonly principal: string; readonly lengthBytes: number | null }
  | { readonly kind: "grow"; readonly of: number; readonly bytes: number; readonly files: number }
  | { readonly kind: "settle" | "end"; readonly of: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "setWall"; readonly ms: number };

const nth = fc.nat(20);
const bytes = fc.oneof(fc.nat(1000), fc.nat(BYTES_MAX + 1000), fc.constant(SLAB_BYTES));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("begin" as const),
      principal: fc.constantFrom(...PRINCIPALS),
      lengthBytes: fc.option(bytes),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("grow" as const), of: nth, bytes, files: fc.nat(2) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("settle" as const, "end" as const), of: nth }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.oneof(fc.nat(3000), fc.nat(70_000)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("setWall" as const), ms: fc.integer({ min: -1e9, max: 1e9 }) }),
  },
);

interface Upload {
  readonly principal: string;
  readonly reservation: Reservation;
  readonly declared: number | null;
  received: number;
  files: number;
  isSettled: boolean;
  hasEnded: boolean;
}

interface Charge {
  readonly principal: string;
  readonly atMs: number;
  readonly requests: number;
  readonly bytes: number;
  readonly files: number;
}

class Model {
  readonly clock = new SteppedClock();
  readonly ledger = new ShareLedger(new LedgerTime(this.clock));
  readonly uploads: Upload[] = [];
  readonly charges: Charge[] = [];
  readonly entries: UsageEntry[] = [];

  run(step: Step): void {
    if (step.kind === "pass") this.clock.pass(step.ms);
    else if (step.kind === "setWall") this.clock.setWall(step.ms);
    else if (step.kind === "begin") this.#begin(step.principal, step.lengthBytes);
    else {
      const upload = this.uploads.filter(({ hasEnded }) => !hasEnded)[step.of];
      if (upload === undefined) return;
      if (step.kind === "grow") this.#grow(upload, step);
      else if (step.kind === "settle") this.#settle(upload);
      else this.#end(upload);
    }
  }

  endAll(): void {
    for (const upload of this.uploads) this.#end(upload);
  }

  /** Charged within the last `spanMs`, for one principal. */
  taken(principal: string, unit: "requests" | "bytes" | "files", spanMs: number): number {
    const nowMs = this.clock.monotonicMs();
    return this.charges
      .filter((charge) => charge.principal === principal && charge.atMs > nowMs - spanMs)
      .reduce((sum, charge) => sum + charge[unit], 0);
  }

  atWork(principal: string): Upload[] {
    return this.uploads.filter((upload) => upload.principal === principal && !upload.hasEnded);
  }

  #begin(principal: string, lengthBytes: number | null): void {
    const reservation = this.ledger.reserve(flowOfStep, "192.0.2.1");
    try {
      reservation.begin();
      reservation.admit(principal, lengthBytes);
    } catch (error) {
      reservation.end();
      this.#mustHaveReason(error, principal, { requests: 1, places: 1, bytes: lengthBytes ?? 1, files: 1 });
      return;
    }
    this.uploads.push({
      principal,
      reservation,
      declared: lengthBytes,
      received: 0,
      files: 1,
      isSettled: false,
      hasEnded: false,
    });
    this.charges.push({ principal, atMs: this.clock.monotonicMs(), requests: 1, bytes: 0, files: 0 });
  }

  #grow(upload: Upload, { bytes, files }: { bytes: number; files: number }): void {
    if (upload.isSettled) return;
    // A body never brings more than it declared: the framing ends it.
    const received = Math.min(upload.received + bytes, upload.declared ?? Number.POSITIVE_INFINITY);
    const begun = upload.files + files;
    try {
      upload.reservation.grow(received, begun);
    } catch (error) {
      this.#mustHaveReason(error, upload.principal, {
        requests: 0,
        places: 0,
        bytes: received - upload.received,
        files: begun - upload.files,
      });
      this.#end(upload);
      return;
    }
    upload.received = received;
    upload.files = begun;
  }

  #settle(upload: Upload): void {
    this.entries.push(...upload.reservation.settle(upload.received, upload.files));
    if (upload.isSettled) return;
    upload.isSettled = true;
    const { principal, received, files } = upload;
    this.charges.push({ principal, atMs: this.clock.monotonicMs(), requests: 0, bytes: received, files });
  }

  #end(upload: Upload): void {
    upload.reservation.end();
    upload.hasEnded = true;
  }

  /** A refusal is right only where a share is short, be it by use that counts one slot too long or by slabs of others. */
  #mustHaveReason(
    error: unknown,
    principal: string,
    need: Record<"requests" | "places" | "bytes" | "files", number>,
  ): void {
    if (!(error instanceof GateError)) throw error;
    const open = this.atWork(principal);
    const running = open.filter(({ isSettled }) => !isSettled);
    const span = WINDOW_MS + SLOT_MS;
    const bytesHeld = running.reduce(
      (sum, { declared, received }) => sum + (declared ?? received + SLAB_BYTES),
      0,
    );
    const filesHeld = running.reduce((sum, { files }) => sum + files, 0);
    const isShort =
      this.taken(principal, "requests", span) + need.requests > REQUESTS_MAX ||
      open.length + need.places > UPLOADS_MAX ||
      this.taken(principal, "bytes", span) + bytesHeld + need.bytes > BYTES_MAX ||
      this.taken(principal, "files", span) + filesHeld + need.files > FILES_MAX;
    assert.ok(isShort, `refused with ${error.code} without a reason: ${error.seen}`);
  }
}

/** Without the share of the address, which the model of refusals leaves out. */
const flowOfStep = flowWithShares(...FLOW.permissions.shares.filter(({ per }) => per === "principal"));

function mustHold(model: Model): void {
  for (const principal of PRINCIPALS) {
    const open = model.atWork(principal);
    const inFlight = open.filter(({ isSettled }) => !isSettled);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    assert.ok(open.length <= UPLOADS_MAX, "too many at once");
    assert.ok(model.taken(principal, "requests", WINDOW_MS) <= REQUESTS_MAX, "too many requests");
    const bytesNow = sum(inFlight.map(({ declared, received }) => declared ?? received));
    assert.ok(model.taken(principal, "bytes", WINDOW_MS) + bytesNow <= BYTES_MAX, "too many bytes");
    const filesNow = sum(inFlight.map(({ files }) => files));
    assert.ok(model.taken(principal, "files", WINDOW_MS) + filesNow <= FILES_MAX, "too many files");
  }
}

const runs = { numRuns: 400, seed: Date.now() % 1_000_000 };
console.log(`seed ${runs.seed}`);

test("no order of uploads and clock steps takes more than a share, and none is refused without a reason", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const each of steps) {
        model.run(each);
        mustHold(model);
      }
    }),
    runs,
  );
});

test("when all uploads have ended and a window has passed, everything is free and forgotten", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const each of steps) model.run(each);
      model.endAll();
      model.clock.pass(WINDOW_MS + SLOT_MS);
      for (const principal of PRINCIPALS) {
        const reservation = model.ledger.reserve(FLOW, "192.0.2.1");
        reservation.begin();
        reservation.admit(principal, BYTES_MAX);
        reservation.grow(BYTES_MAX, FILES_MAX);
        reservation.end();
      }
      model.clock.pass(WINDOW_MS + SLOT_MS);
      model.ledger.sweep(100);
      model.ledger.sweep(100);
      assert.equal(model.ledger.size, 0);
    }),
    runs,
  );
});

test("a start from what was recorded refuses the same, for the same time", () => {
  fc.assert(
    fc.property(
      fc.array(
        step.filter(({ kind }) => kind !== "setWall"),
        { maxLength: 60 },
      ),
      fc.array(bytes, { minLength: 1, maxLength: 5 }),
      (steps, lengths) => {
        const model = new Model();
        for (const each of steps) {
          model.run(each);
          model.entries.push(...model.ledger.takeUnrecorded());
        }
        model.endAll();
        const restarted = new ShareLedger(new LedgerTime(model.clock));
        restarted.recall(model.entries);
        for (const principal of PRINCIPALS)
          for (const lengthBytes of lengths)
            assert.deepEqual(
              answerOf(restarted, principal, lengthBytes),
              answerOf(model.ledger, principal, lengthBytes),
            );
      },
    ),
    runs,
  );
});

test("whoever comes back after Retry-After gets in", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), bytes, (steps, lengthBytes) => {
      const model = new Model();
      for (const each of steps) model.run(each);
      model.endAll();
      const refusal = answerOf(model.ledger, "alice", lengthBytes);
      if (!(refusal instanceof GateError) || refusal.retryAfterSeconds === null) return;
      model.clock.pass(refusal.retryAfterSeconds * 1000);
      assert.ok(!(answerOf(model.ledger, "alice", lengthBytes) instanceof GateError));
    }),
    runs,
  );
});

/** The refusal, or what is left after the upload was admitted and given up. */
function answerOf(ledger: ShareLedger, principal: string, lengthBytes: number): unknown {
  const reservation = ledger.reserve(flowOfStep, "192.0.2.1");
  try {
    reservation.begin();
    reservation.admit(principal, lengthBytes);
    return reservation.headers();
  } catch (error) {
    return error;
  } finally {
    reservation.end();
  }
}
