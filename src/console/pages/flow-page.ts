/**
 * One flow's page: what is promised, what was seen over a time, what changed, and which commands find out more.
 */
import { readDocuments } from "../../flows/documents/read-documents.ts";
import type { Flow } from "../../flows/flow.ts";
import { ERROR_CODES, isErrorCode } from "../../problems/error-code.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { Mark, TimeRange } from "../../signals/history/history.ts";
import type { DeploymentJudgement, FlowPage } from "../console-api.ts";
import type { ConsoleSources } from "../console-sources.ts";
import { expectedFigures } from "../expected-figures.ts";
import { makeCharts } from "./charts.ts";
import { gatherFlowFacts, lastHour } from "./flow-facts.ts";
import { makeFlowRow } from "./flow-row.ts";
import type { Watched } from "./front-page.ts";
import { promiseSentences } from "./promise-sentences.ts";
import { makeRequestRow } from "./request-rows.ts";
import { isTelling, makeDifference } from "./say-difference.ts";
import { isChange, markDetail, markLabel, markLink } from "./say-mark.ts";

const HOUR = 60 * 60_000;
const RANGES: Readonly<Record<string, number>> = {
  "1h": HOUR,
  "6h": 6 * HOUR,
  "24h": 24 * HOUR,
  "7d": 7 * 24 * HOUR,
  "30d": 30 * 24 * HOUR,
};
const DEFAULT_RANGE = "6h";
const POINTS_MAX = 120;
const ROWS_MAX = 10;
const MARKS_MAX = 200;
const JUDGED_MAX = 5;
const DIFFERENCES_MAX = 6;

/** @throws CONSOLE_REQUEST_INVALID */
export function readRange(written: string | null, nowMs: number): TimeRange {
  const lengthMs = RANGES[written ?? DEFAULT_RANGE];
  if (lengthMs === undefined || !Object.hasOwn(RANGES, written ?? DEFAULT_RANGE))
    throw new GateError("CONSOLE_REQUEST_INVALID", {
      message: "There is no such range of time.",
      expected: Object.keys(RANGES).join(", "),
      seen: quoteSeen(written ?? ""),
    });
  return { fromMs: nowMs - lengthMs, toMs: nowMs };
}

export async function makeFlowPage(
  sources: ConsoleSources,
  watched: Watched,
  flow: Flow,
  range: TimeRange,
): Promise<FlowPage> {
  const { history } = sources;
  const nowMs = sources.now();
  const [row, points, marks, refusals, failing, kept, differences, documents] = await Promise.all([
    rowOf(sources, watched, flow, nowMs),
    history.series({ flow: flow.name, range, pointsMax: POINTS_MAX }),
    history.marks({ flow: flow.name, range }),
    history.refusals({ flow: flow.name, range }),
    history.requests({ flow: flow.name, range, because: "failed", limit: ROWS_MAX }),
    history.requests({ flow: flow.name, range, because: "slow", limit: 5 * ROWS_MAX }),
    history.differences({ flow: flow.name, range, limit: DIFFERENCES_MAX }),
    readDocuments(flow),
  ]);
  const slowest = kept.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, ROWS_MAX);
  const newest = marks.toSorted((a, b) => b.atMs - a.atMs);
  return {
    row,
    nowMs,
    range: {
      fromMs: points[0]?.fromMs ?? range.fromMs,
      toMs: range.toMs,
      stepMs: points[0]?.stepMs ?? Math.ceil((range.toMs - range.fromMs) / POINTS_MAX),
    },
    promise: promiseOf(flow),
    charts: makeCharts(points, expectedFigures(flow)),
    marks: newest.slice(0, MARKS_MAX).reverse().map(chartMark),
    deployments: await judgementsOf(watched, flow, newest.filter(isChange), nowMs),
    refusals: refusals.map(({ code, count, lastAtMs }) => ({ code, title: titleOf(code), count, lastAtMs })),
    failing: failing.map(makeRequestRow),
    slowest: slowest.map(makeRequestRow),
    differences: differences.filter(isTelling).map(makeDifference),
    changes: documents.changes,
    drills: documents.drills,
    commands: commandsOf(flow),
  };
}

async function rowOf(
  { history }: ConsoleSources,
  watched: Watched,
  flow: Flow,
  nowMs: number,
): Promise<FlowPage["row"]> {
  const totals = await history.totals(lastHour(nowMs));
  const hour = totals.get(flow.name) ?? null;
  const facts = await gatherFlowFacts({ flow, history, hour, probe: watched.probe(flow.name), nowMs });
  return makeFlowRow(facts, await watched.lastCheck(flow).catch(() => null), nowMs);
}

function promiseOf(flow: Flow): FlowPage["promise"] {
  const { rollback } = flow.notes;
  return {
    method: flow.route.method,
    path: flow.route.path,
    sentences: promiseSentences(flow),
    noticed: flow.noticed,
    rollback: {
      note: rollback?.note ?? null,
      command: rollback?.command ?? `sluicegate mode ${flow.name} observe`,
      tried: rollback?.tried ?? null,
    },
    policyVersion: flow.policyVersion,
  };
}

const chartMark = (mark: Mark): FlowPage["marks"][number] => ({
  atMs: mark.atMs,
  kind: mark.kind,
  label: markLabel(mark),
  detail: markDetail(mark),
  link: markLink(mark),
});

const titleOf = (code: string): string =>
  isErrorCode(code) ? ERROR_CODES[code].title : "Refused for another reason";

/** What can be said of the newest changes. */
function judgementsOf(
  { judgements }: Watched,
  flow: Flow,
  changes: readonly Mark[],
  nowMs: number,
): Promise<readonly DeploymentJudgement[]> {
  return Promise.all(changes.slice(0, JUDGED_MAX).map((mark) => judgements.of(flow, mark, nowMs)));
}

function commandsOf({ name }: Flow): FlowPage["commands"] {
  return {
    verify: `sluicegate check ${name}`,
    compare: `sluicegate compare ${name} --a URL --b URL --variable git.commit`,
    measure: `sluicegate measure ${name}`,
    newChange: `sluicegate change new ${name}`,
  };
}
