import assert from "node:assert/strict";
import { test } from "node:test";
import { caseReport, HOSTILE_TEXTS, result, sampleRun } from "../../../fixtures/check-runs/sample-runs.ts";
import type { RunEvent } from "../run/events.ts";
import { type Progress, startProgress } from "./progress.ts";

const cost = { requests: 12, sentBytes: 345_000 };
const planned: RunEvent = { kind: "planned", plan: sampleRun().plan };
const began = (number: number): RunEvent => ({ kind: "check-began", id: "UPL-TR-01", number, of: 61 });
const caseEnded = (name: string): RunEvent => ({
  kind: "case-ended",
  id: "UPL-TR-01",
  report: caseReport({ name }),
  cost,
});
const ended = (state: "pass" | "fail" | "not-applicable"): RunEvent => ({
  kind: "check-ended",
  result: result("UPL-TR-01", state, { sentence: "Took 12.0 MB; the flow says 10 MB." }),
  cost,
});

const all = (progress: Progress, events: readonly RunEvent[]) =>
  events.map((event) => progress.take(event)).join("") + progress.end();

/** What a terminal shows: each line after its last rewriting. */
const shown = (written: string) => written.split("\n").map((line) => line.split("\r\u001b[K").at(-1) ?? "");

test("on a terminal one line is written anew, and what is broken stays", () => {
  const progress = startProgress({ isTerminal: true, columns: 80 });
  const written = all(progress, [
    planned,
    began(1),
    caseEnded("a"),
    ended("fail"),
    began(2),
    caseEnded("b"),
    ended("pass"),
  ]);
  assert.deepEqual(shown(written), [
    "Checking: 61 checks, 240 cases, about 230 requests and 40.0 MB.",
    "✕ UPL-TR-01  broken: Took 12.0 MB; the flow says 10 MB.",
    "",
  ]);
  assert.match(written, /2 of 61 {2}UPL-TR-01 {2}12 requests, 345\.0 kB {2}1 broken {2}b/);
});

test("the line that is written anew never wraps and never acts on the terminal", () => {
  const progress = startProgress({ isTerminal: true, columns: 60 });
  for (const text of HOSTILE_TEXTS) {
    const [line = ""] = shown(progress.take(caseEnded(text.repeat(20))));
    assert.ok([...line].length < 60, line);
    assert.equal(/\p{C}/u.test(line), false);
  }
});

test("elsewhere there are few plain lines: each that is broken, and every tenth", () => {
  const progress = startProgress({ isTerminal: false, columns: 80 });
  const events = Array.from({ length: 61 }, (_, index) => [
    began(index + 1),
    caseEnded("x"),
    ended(index === 3 ? "fail" : "pass"),
  ]);
  const lines = all(progress, [planned, ...events.flat()])
    .trimEnd()
    .split("\n");
  assert.equal(lines.length, 1 + 1 + 6 + 1);
  assert.equal(lines[1], "✕ UPL-TR-01  broken: Took 12.0 MB; the flow says 10 MB.");
  assert.equal(lines.at(-1), "61 of 61 checks, 12 requests, 345.0 kB");
});

test("waiting and stopping are said with their reason", () => {
  const progress = startProgress({ isTerminal: false, columns: 80 });
  assert.equal(
    progress.take({ kind: "waiting", ms: 12_000, why: "the route allows 30 uploads a minute" }),
    "Waiting 12.0 s: the route allows 30 uploads a minute\n",
  );
  assert.equal(
    progress.take({
      kind: "stopped",
      stop: { kind: "interrupted", sentence: "It was interrupted; what was stored is removed." },
    }),
    "Stopping: It was interrupted; what was stored is removed.\n",
  );
});
