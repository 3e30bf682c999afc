/**
 * One flow's row on the front page: a word for its state, and the figures behind it.
 */
import type { Condition, FlowRow } from "../console-api.ts";
import { sayMoment } from "../say-figures.ts";
import { type FlowFacts, lastHour } from "./flow-facts.ts";
import { isChange, markLabel } from "./say-mark.ts";

/** What the last run of checks said. */
export type LastCheck = FlowRow["lastCheck"];

export function makeFlowRow(facts: FlowFacts, lastCheck: LastCheck, nowMs: number): FlowRow {
  const { flow, expected, hour, failures, windows, marks, speed } = facts;
  const change = marks.find(isChange);
  const { condition, word } = stateOf(facts, nowMs);
  return {
    name: flow.name,
    summary: flow.summary,
    owner: flow.owner,
    mode: flow.mode,
    condition,
    word,
    p95: { ms: hour?.appMs?.p95 ?? null, limitMs: speed.against?.limitMs ?? expected.p95Ms },
    line: windows.map(({ appMs }) => appMs?.p95 ?? null),
    marks: lineMarks(facts, nowMs),
    requests: hour?.requests ?? 0,
    failures: { share: failures.share, count: failures.failed, limitShare: expected.failureShare },
    refusedShare: hour === null || hour.requests === 0 ? null : (hour.outcomes.refused ?? 0) / hour.requests,
    cacheHitShare: hitShare(hour),
    databaseCalls: { mean: hour?.databaseCalls?.mean ?? null, limit: expected.databaseCalls },
    lastCheck,
    lastChange: change === undefined ? null : { atMs: change.atMs, label: markLabel(change) },
    lastSeenAtMs: facts.lastSeenAtMs,
  };
}

/** Of the answers whose cache state is known; `null` where none is. */
export function hitShare(point: FlowFacts["hour"]): number | null {
  const { hit = 0, miss = 0, bypass = 0 } = point?.cache ?? {};
  const known = hit + miss + bypass;
  return known === 0 ? null : hit / known;
}

function lineMarks({ marks }: FlowFacts, nowMs: number): FlowRow["marks"] {
  const { fromMs, toMs } = lastHour(nowMs);
  return marks
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .map((mark) => ({
      at: (mark.atMs - fromMs) / (toMs - fromMs),
      kind: mark.kind,
      label: markLabel(mark),
    }))
    .reverse();
}

interface State {
  readonly condition: Condition;
  readonly word: string;
}

function stateOf(facts: FlowFacts, nowMs: number): State {
  return (
    brokenState(facts) ??
    doubtfulState(facts) ??
    silentState(facts, nowMs) ?? { condition: "good", word: "Fine" }
  );
}

function brokenState({ probe, failures, speed }: FlowFacts): State | null {
  if (probe?.last?.ok === false) return { condition: "bad", word: "Test upload failed" };
  if (failures.kind === "all" || failures.kind === "many") return { condition: "bad", word: "Failing" };
  if (speed.kind === "slow" && speed.against?.kind === "promise") return { condition: "bad", word: "Slow" };
  return null;
}

/** Above what is promised by more than rounding. */
const CALLS_ABOVE = 1.05;

function doubtfulState({ failures, speed, hour, expected, probe }: FlowFacts): State | null {
  if (speed.kind === "slow") return { condition: "attention", word: "Slower than usual" };
  if (failures.kind === "some") return { condition: "attention", word: `${failures.failed} failed` };
  const calls = hour?.databaseCalls?.mean ?? 0;
  if (expected.databaseCalls !== null && calls > Math.max(expected.databaseCalls * CALLS_ABOVE, 0.05))
    return { condition: "attention", word: "Too many database calls" };
  return probe?.stopped == null ? null : { condition: "attention", word: "Test uploads stopped" };
}

function silentState({ hour, lastSeenAtMs, probe }: FlowFacts, nowMs: number): State | null {
  const { last = null, everyMs = 0 } = probe ?? {};
  if (hour !== null || (last?.ok === true && nowMs - last.atMs <= 3 * everyMs)) return null;
  return lastSeenAtMs === null
    ? { condition: "unknown", word: "No traffic yet" }
    : { condition: "stale", word: `No data since ${sayMoment(lastSeenAtMs, nowMs)}` };
}
