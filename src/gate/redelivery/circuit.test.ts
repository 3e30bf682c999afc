import assert from "node:assert/strict";
import { test } from "node:test";
import { Circuit } from "./circuit.ts";

/** Starts as many as may. */
function fill(circuit: Circuit, nowMs: number): number {
  let started = 0;
  for (; circuit.mayStart(nowMs); started += 1) circuit.started();
  return started;
}

test("a few at once while the service answers, one after a rest while it does not", () => {
  const circuit = new Circuit();
  assert.equal(fill(circuit, 0), 4);
  for (let one = 0; one < 4; one += 1) circuit.ended(false, 0);
  assert.equal(fill(circuit, 999), 0, "four failures in a row are a rest of eight seconds");
  assert.equal(fill(circuit, 8_000), 1);
  circuit.ended(false, 8_000);
  assert.equal(fill(circuit, 23_000), 0);
  assert.equal(fill(circuit, 24_000), 1);
  circuit.ended(true, 24_000);
  assert.equal(fill(circuit, 24_000), 4);
});

test("a rest is never longer than half a minute", () => {
  const circuit = new Circuit();
  for (let failure = 0; failure < 100; failure += 1) {
    circuit.started();
    circuit.ended(false, 0);
  }
  assert.equal(circuit.mayStart(29_999), false);
  assert.equal(circuit.mayStart(30_000), true);
});

test("a try that never asked the service says nothing of it", () => {
  const circuit = new Circuit();
  circuit.started();
  circuit.ended(null, 0);
  assert.equal(fill(circuit, 0), 4);
});
