/**
 * A deployment as history has it: said by somebody, seen on answers, and judged by the minutes around it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSignal } from "../../fixtures/signals/sample-signal.ts";
import type { Mark } from "../../src/signals/history/history.ts";
import { judgeMarkOfHistory } from "../../src/signals/history/judge/judge-mark-of-history.ts";
import { NOON_MS, type OpenedHistory, openHistory } from "./open-history.ts";

const MINUTE_MS = 60_000;
const smallestEffect = { share: 0.05, ms: 5 };

/** Four requests a minute for so long; deterministic times around `appMs`. */
async function run(history: OpenedHistory, minutes: number, appMs: number, version: string): Promise<void> {
  const writer = await history.openWriter();
  for (let minute = 0; minute < minutes; minute++) {
    for (let request = 0; request < 4; request++) {
      const service = { appMs: appMs * (0.8 + 0.1 * ((minute + request) % 5)), version };
      writer.take(sampleSignal({ atMs: history.clock.ms, service }));
      history.clock.ms += MINUTE_MS / 4;
    }
  }
  await writer.flush();
}

async function markOf(history: OpenedHistory, kind: Mark["kind"]): Promise<Mark> {
  const range = { fromMs: NOON_MS - 1, toMs: history.clock.ms + 1 };
  const mark = (await history.reader.marks({ range })).find((one) => one.kind === kind);
  assert.ok(mark !== undefined);
  return mark;
}

test("a deployment that made the service slower is suspected as soon as there are 50 minutes of it", async (t) => {
  const history = await openHistory(t);
  await run(history, 70, 100, "1a2b");
  const deployedAtMs = history.clock.ms;
  await run(history, 30, 140, "3c4d");
  const mark = await markOf(history, "version");
  const question = { mark, flow: "avatars", smallestEffect };
  const early = await judgeMarkOfHistory(history.reader, { ...question, nowMs: history.clock.ms });
  assert.equal(early.verdict, "not-enough");
  assert.match(early.sentence, /^Too early to tell: since then \d\d of 50 minutes with traffic\.$/);
  await run(history, 40, 140, "3c4d");
  const judged = await judgeMarkOfHistory(history.reader, { ...question, nowMs: history.clock.ms });
  assert.equal(mark.atMs, deployedAtMs);
  assert.equal(judged.verdict, "worse");
  assert.match(judged.sentence, /^Suspected: service time \+\d\d % /);
  const { estimate = 0 } = judged.time.change ?? {};
  assert.ok(Math.abs(estimate - 0.4) < 0.05, `${estimate}`);
});

test("what came before an earlier change is not what a deployment is compared with", async (t) => {
  const history = await openHistory(t);
  await run(history, 60, 300, "1");
  await run(history, 60, 100, "2");
  const deployedAtMs = history.clock.ms;
  await run(history, 60, 100, "3");
  const marks = await history.reader.marks({ range: { fromMs: NOON_MS, toMs: history.clock.ms } });
  const mark = marks.find(({ version }) => version === "3");
  assert.equal(mark?.atMs, deployedAtMs);
  const judged = await judgeMarkOfHistory(history.reader, {
    mark,
    flow: "avatars",
    smallestEffect,
    nowMs: history.clock.ms,
  });
  assert.equal(judged.verdict, "same");
  assert.match(
    judged.sentence,
    /^Nothing suspected: service time as before \(\d+ ms\), no errors, database calls as before \(3\)/,
  );
});
