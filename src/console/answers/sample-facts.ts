/**
 * Flows, points of history and facts for tests of sentences.
 */
import { join } from "node:path";
import type { Flow } from "../../flows/flow.ts";
import { readFlow } from "../../flows/read-flow.ts";
import type { HistoryPoint, Quantiles } from "../../signals/history/history.ts";
import { expectedFigures } from "../expected-figures.ts";
import type { FlowFacts } from "../pages/flow-facts.ts";
import { judgeFailures } from "./judge-failures.ts";
import { judgeSpeed } from "./judge-slowness.ts";

export const NOW = Date.UTC(2026, 10, 22, 10, 57, 30);
const WINDOW_MS = 5 * 60_000;

const FILE = join(import.meta.dirname, "../../../examples/flows/avatars/flow.yaml");

/** The flow of the example that promises a p95 of 800 ms, 0.1 % of failures and one database call. */
export async function sampleFlow(name = "avatars"): Promise<Flow> {
  const reading = await readFlow(FILE, { upstreams: "any", needsSamples: false });
  if (!reading.ok) throw new Error("the example's flow does not load");
  return { ...reading.flow, name };
}

/** Times around a p95. */
export const times = (p95: number, count = 100): Quantiles => ({
  count,
  p50: p95 / 2,
  p95,
  p99: p95 * 1.5,
  max: p95 * 2,
});

export function samplePoint(own: Partial<HistoryPoint> = {}): HistoryPoint {
  const { appMs = null } = own;
  const accepted = appMs?.count ?? 0;
  return {
    fromMs: NOW - WINDOW_MS,
    stepMs: WINDOW_MS,
    requests: accepted,
    outcomes: accepted === 0 ? {} : { accepted },
    cache: {},
    totalMs: appMs,
    databaseCalls: null,
    bytesIn: 0,
    ...own,
    appMs,
  };
}

/** Windows of five minutes up to now, by their p95; `null`: no traffic. */
export function windowsOf(p95s: readonly (number | null)[], count = 100): HistoryPoint[] {
  const end = (Math.floor(NOW / WINDOW_MS) + 1) * WINDOW_MS;
  return p95s.map((p95, index) =>
    samplePoint({
      fromMs: end - (p95s.length - index) * WINDOW_MS,
      appMs: p95 === null ? null : times(p95, count),
    }),
  );
}

export interface FactsOptions {
  readonly p95s?: readonly (number | null)[];
  readonly count?: number;
  readonly earlier?: readonly HistoryPoint[];
  readonly outcomes?: HistoryPoint["outcomes"];
  readonly limitMs?: number | null;
  readonly own?: Partial<FlowFacts>;
}

/** Facts as they are gathered, judged by the real judges. */
export function sampleFacts(flow: Flow, options: FactsOptions = {}): FlowFacts {
  const { p95s = [], count = 100, earlier = [], outcomes, limitMs, own = {} } = options;
  const windows = windowsOf([...Array.from({ length: 12 - p95s.length }, () => null), ...p95s], count);
  const known = p95s.filter((p95) => p95 !== null);
  const isQuiet = known.length === 0 && outcomes === undefined;
  const appMs = known.length === 0 ? null : times(Math.max(...known), count * known.length);
  const hour = isQuiet
    ? null
    : samplePoint({ appMs, ...(outcomes === undefined ? {} : { outcomes }), requests: 1 });
  const expected = { ...expectedFigures(flow), ...(limitMs === undefined ? {} : { p95Ms: limitMs }) };
  return {
    flow,
    expected,
    windows,
    hour,
    speed: judgeSpeed({ windows, hour, earlier, limitMs: expected.p95Ms }),
    failures: judgeFailures(hour, expected.failureShare),
    marks: [],
    lastSeenAtMs: isQuiet ? null : NOW - 20_000,
    probe: null,
    ...own,
  };
}
