import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateError } from "../problems/gate-error.ts";
import { BodyPace } from "./body-pace.ts";

/** Far away: the timer never fires in these tests, each look is a call. A look is 15 s. */
const IDLE_MS = 60_000;

function pace(bytesPerSecondMin: number): { after(bytes: number, isOurTurn?: boolean): GateError | null } {
  let bytes = 0;
  let isOurs = false;
  let error: GateError | null = null;
  const judge = new BodyPace({
    idleMs: IDLE_MS,
    bytesPerSecondMin,
    look: () => ({ bytes, isOurTurn: isOurs }),
    onTooSlow: (told) => {
      error = told;
    },
  });
  judge.stop();
  return {
    after(newBytes, isOurTurn = false) {
      bytes += newBytes;
      isOurs = isOurTurn;
      judge.look();
      return error;
    },
  };
}

test("a body that brings nothing in a whole idle window is too slow", () => {
  const body = pace(0);
  assert.deepEqual([body.after(5000), body.after(0), body.after(0), body.after(0)], [null, null, null, null]);
  assert.equal(body.after(0)?.code, "REQUEST_TIMEOUT");
});

test("a body of which not even the first byte comes is too slow after one idle window", () => {
  const body = pace(256);
  assert.deepEqual([body.after(0), body.after(0), body.after(0)], [null, null, null]);
  assert.equal(body.after(0)?.code, "REQUEST_TIMEOUT");
});

test("a byte now and then is no progress where a rate is asked for, and is where none is", () => {
  const strict = pace(256);
  for (let look = 0; look < 3; look += 1) assert.equal(strict.after(1), null);
  assert.match(strict.after(1)?.expected ?? "", /at least 15360 bytes in 60 s/);
  const lax = pace(0);
  for (let look = 0; look < 40; look += 1) assert.equal(lax.after(1), null);
});

test("the average counts from the first byte on, after one idle window of grace", () => {
  const body = pace(10_000);
  // 20,000 bytes a look are 1,333 a second: progress in every window, and far below the average.
  for (let look = 0; look < 4; look += 1) assert.equal(body.after(20_000), null);
  assert.match(body.after(20_000)?.expected ?? "", /10000 bytes a second on average/);
});

test("what came fast at first pays for a slower time later", () => {
  const body = pace(10_000);
  assert.equal(body.after(2_000_000), null);
  for (let look = 0; look < 12; look += 1) assert.equal(body.after(4000), null);
  assert.match(body.after(4000)?.seen ?? "", /2052000 bytes in 210 s|2048000 bytes/);
});

test("time in which we keep the client waiting does not count", () => {
  const body = pace(10_000);
  assert.equal(body.after(20_000), null);
  for (let look = 0; look < 100; look += 1) assert.equal(body.after(0, true), null);
  // The look after our turn began in it.
  assert.equal(body.after(0), null);
  assert.equal(body.after(600_000), null);
});
