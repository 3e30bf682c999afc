import assert from "node:assert/strict";
import { test } from "node:test";
import { isFinalState, UPLOAD_STATES } from "../uploads/upload-state.ts";
import { isLegalMove, moves } from "./transitions.ts";

test("nothing leaves a final state, and something leaves every other one", () => {
  for (const from of UPLOAD_STATES) {
    const leaves = UPLOAD_STATES.some((to) => isLegalMove(from, to));
    assert.equal(leaves, !isFinalState(from), from);
  }
});

test("no file is delivered without a verdict: every way from receiving to delivered goes through inspecting, accepted and released", () => {
  const ways = waysTo("receiving", "delivered", []);
  assert.ok(ways.length > 0);
  for (const way of ways)
    assert.deepEqual(
      ["inspecting", "accepted", "released"].filter((state) => !way.includes(state)),
      [],
    );
});

test("a chain carries each move's note and refuses a move that is not in the table", () => {
  assert.deepEqual(moves(5, "receiving", "received", ["inspecting", "why"]), [
    { from: "receiving", to: "received", atMs: 5 },
    { from: "received", to: "inspecting", atMs: 5, note: "why" },
  ]);
  assert.throws(() => moves(5, "receiving", "released"), /illegal move: receiving → released/);
  assert.throws(() => moves(5, "delivered", "released"), /illegal move/);
});

function waysTo(from: (typeof UPLOAD_STATES)[number], to: string, before: readonly string[]): string[][] {
  if (from === to) return [[...before, from]];
  if (before.includes(from)) return [];
  return UPLOAD_STATES.filter((next) => isLegalMove(from, next)).flatMap((next) =>
    waysTo(next, to, [...before, from]),
  );
}
