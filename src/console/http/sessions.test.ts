import assert from "node:assert/strict";
import { test } from "node:test";
import { Sessions } from "./sessions.ts";
import { TokenTries } from "./token-tries.ts";

const HOUR = 3_600_000;

test("a session is found by its id and by no other, with a token of its own for changes", () => {
  const sessions = new Sessions();
  const [one, other] = [sessions.open(0), sessions.open(0)];
  assert.equal(sessions.find(one.id, 1)?.csrf, one.session.csrf);
  assert.notEqual(one.session.csrf, other.session.csrf);
  assert.notEqual(one.session.csrf, one.id);
  for (const id of [null, "", one.session.csrf, `${one.id}x`]) assert.equal(sessions.find(id, 1), null);
});

test("a session ends by itself: unused after hours, and used after a day", () => {
  const sessions = new Sessions();
  const unused = sessions.open(0).id;
  const used = sessions.open(0).id;
  for (let hour = 1; hour < 24; hour += 1) assert.ok(sessions.find(used, hour * HOUR), `${hour} h`);
  assert.equal(sessions.find(unused, 8 * HOUR), null);
  assert.equal(sessions.find(used, 24 * HOUR), null);
});

test("a session that was ended is gone", () => {
  const sessions = new Sessions();
  const { id } = sessions.open(0);
  sessions.end(id);
  assert.equal(sessions.find(id, 1), null);
});

test("sessions are bounded: the oldest goes", () => {
  const sessions = new Sessions();
  const ids = Array.from({ length: 101 }, () => sessions.open(0).id);
  assert.equal(sessions.find(ids[0] ?? "", 1), null);
  assert.ok(sessions.find(ids[1] ?? "", 1));
});

test("a code signs in once, within five minutes", () => {
  const sessions = new Sessions();
  const [code, late] = [sessions.makeCode(0), sessions.makeCode(0)];
  assert.equal(sessions.useCode("guessed", 1), false);
  assert.equal(sessions.useCode(code, 1), true);
  assert.equal(sessions.useCode(code, 2), false);
  assert.equal(sessions.useCode(late, 5 * 60_000), false);
});

test("after five wrong tokens an address waits out its minute, and others do not", () => {
  const tries = new TokenTries();
  for (let count = 0; count < 5; count += 1) {
    assert.equal(tries.waitSeconds("10.0.0.7", 1000), 0);
    tries.wrong("10.0.0.7", 1000);
  }
  assert.equal(tries.waitSeconds("10.0.0.7", 31_000), 30);
  assert.equal(tries.waitSeconds("10.0.0.8", 31_000), 0);
  assert.equal(tries.waitSeconds("10.0.0.7", 61_000), 0);
});

test("a right token forgives the wrong ones before it", () => {
  const tries = new TokenTries();
  for (let count = 0; count < 4; count += 1) tries.wrong("a", 0);
  tries.right("a");
  tries.wrong("a", 0);
  assert.equal(tries.waitSeconds("a", 1), 0);
});

test("addresses that try are bounded", () => {
  const tries = new TokenTries();
  for (let address = 0; address < 5000; address += 1)
    for (let count = 0; count < 5; count += 1) tries.wrong(String(address), 0);
  assert.equal(tries.waitSeconds("0", 1), 0);
  assert.equal(tries.waitSeconds("4999", 1), 60);
});
