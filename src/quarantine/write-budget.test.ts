import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_OPTIONS, WriteBudget } from "./write-budget.ts";

const MIB = 1024 * 1024;

test("a lone writer gathers 1 MiB and pauses at 4 MiB", () => {
  const budget = new WriteBudget(DEFAULT_OPTIONS);
  budget.join();
  assert.equal(budget.pauseBytes, 4 * MIB);
  assert.equal(budget.gatherBytes, MIB);
});

test("64 writers share what all may hold, and give it back when they leave", () => {
  const budget = new WriteBudget(DEFAULT_OPTIONS);
  const leave = Array.from({ length: 64 }, () => budget.join());
  assert.equal(budget.pauseBytes, MIB / 2);
  assert.equal(budget.gatherBytes, MIB / 4);
  for (const leaveOnce of leave.slice(0, 63)) {
    leaveOnce();
    leaveOnce();
  }
  assert.equal(budget.pauseBytes, 4 * MIB);
});

test("a share is never so small that writing gets dear", () => {
  const budget = new WriteBudget(DEFAULT_OPTIONS);
  for (let count = 0; count < 5000; count += 1) budget.join();
  assert.equal(budget.pauseBytes, MIB / 4);
  assert.equal(budget.gatherBytes, MIB / 8);
});
