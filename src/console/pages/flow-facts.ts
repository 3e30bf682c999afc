/**
 * Everything that the front page is made from, of one flow: gathered here, judged and worded elsewhere.
 */
import type { Flow } from "../../flows/flow.ts";
import type { HistoryPoint, HistoryReader, Mark } from "../../signals/history/history.ts";
import { type Failures, judgeFailures } from "../answers/judge-failures.ts";
import { judgeSpeed, type Speed } from "../answers/judge-slowness.ts";
import { type ExpectedFigures, expectedFigures } from "../expected-figures.ts";
import type { ProbeState } from "../watching/probe-state.ts";

const MINUTE = 60_000;
export const WINDOW_MS = 5 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface FlowFacts {
  readonly flow: Flow;
  readonly expected: ExpectedFigures;
  /** The last hour in windows of five minutes, oldest first. */
  readonly windows: readonly HistoryPoint[];
  /** The last hour; `null` without requests. */
  readonly hour: HistoryPoint | null;
  readonly speed: Speed;
  readonly failures: Failures;
  /** Of the last week, newest first; what is of all flows is among them. */
  readonly marks: readonly Mark[];
  /** When the last request of the last week came; to the window of its time, where it was not kept itself. */
  readonly lastSeenAtMs: number | null;
  readonly probe: ProbeState | null;
}

/** The last hour, from one full window to the one that runs. */
export function lastHour(nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const toMs = (Math.floor(nowMs / WINDOW_MS) + 1) * WINDOW_MS;
  return { fromMs: toMs - HOUR, toMs };
}

export interface FactsInput {
  readonly flow: Flow;
  readonly history: HistoryReader;
  readonly hour: HistoryPoint | null;
  readonly probe: ProbeState | null;
  readonly nowMs: number;
}

/** Asks the history about one flow. @throws what the history throws */
export async function gatherFlowFacts({ flow, history, hour, probe, nowMs }: FactsInput): Promise<FlowFacts> {
  const range = lastHour(nowMs);
  const { name } = flow;
  const [windows, earlier, week, kept, marks] = await Promise.all([
    history.series({ flow: name, range, pointsMax: HOUR / WINDOW_MS }),
    history.series({ flow: name, range: { fromMs: range.fromMs - DAY, toMs: range.fromMs }, pointsMax: 24 }),
    hour === null ? weekOf(history, name, range) : [],
    history.requests({ flow: name, limit: 1 }),
    history.marks({ flow: name, range: { fromMs: nowMs - 7 * DAY, toMs: nowMs + 1 } }),
  ]);
  const expected = expectedFigures(flow);
  return {
    flow,
    expected,
    windows,
    hour,
    speed: judgeSpeed({ windows, hour, earlier, limitMs: expected.p95Ms }),
    failures: judgeFailures(hour, expected.failureShare),
    marks: marks.toSorted((a, b) => b.atMs - a.atMs),
    lastSeenAtMs: latest([...week, ...earlier, ...windows], kept[0]?.atMs ?? null, nowMs),
    probe,
  };
}

function weekOf(
  history: HistoryReader,
  flow: string,
  { fromMs }: { readonly fromMs: number },
): Promise<readonly HistoryPoint[]> {
  const range = { fromMs: fromMs - 7 * DAY, toMs: fromMs - DAY };
  return history.series({ flow, range, pointsMax: 7 * 24 });
}

function latest(points: readonly HistoryPoint[], keptAtMs: number | null, nowMs: number): number | null {
  const last = points.findLast(({ requests }) => requests > 0);
  const fromPoint = last === undefined ? null : Math.min(last.fromMs + last.stepMs - 1, nowMs);
  if (fromPoint === null || keptAtMs === null) return fromPoint ?? keptAtMs;
  // The kept one is exact, and may be an older one: then the point knows of a later one.
  return last !== undefined && keptAtMs >= last.fromMs ? keptAtMs : Math.max(fromPoint, keptAtMs);
}
