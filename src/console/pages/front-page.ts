/**
 * The front page: four answers and a row a flow.
 *
 * Always holds: a part that cannot be read takes nothing else away; what is told of it then is that there is no data.
 */
import type { Flow } from "../../flows/flow.ts";
import type { HistoryPoint, Mark } from "../../signals/history/history.ts";
import { answerChange, type JudgedChange } from "../answers/answer-change.ts";
import { answerJobs } from "../answers/answer-jobs.ts";
import { answerSlow } from "../answers/answer-slow.ts";
import { answerUp } from "../answers/answer-up.ts";
import type { Answer, Condition, DeploymentJudgement, FrontPage } from "../console-api.ts";
import type { ConsoleSources } from "../console-sources.ts";
import { sayMoment } from "../say-figures.ts";
import type { JobState } from "../watching/job-state.ts";
import type { ProbeState } from "../watching/probe-state.ts";
import type { DeploymentJudgements } from "./deployment-judgements.ts";
import { type FlowFacts, gatherFlowFacts, lastHour } from "./flow-facts.ts";
import { type LastCheck, makeFlowRow } from "./flow-row.ts";
import { countWaiting } from "./held-uploads.ts";
import { isChange, markLabel } from "./say-mark.ts";

const DAY = 24 * 60 * 60_000;
const CHANGE_DAYS = 7;
/** Marks so close to each other are one change: a deployment is often said and seen. */
const SAME_CHANGE_MS = 2 * 60_000;

/** What the console itself watches beside traffic. */
export interface Watched {
  readonly probe: (flow: string) => ProbeState | null;
  readonly jobs: () => readonly JobState[];
  readonly lastCheck: (flow: Flow) => Promise<LastCheck>;
  readonly judgements: DeploymentJudgements;
}

export async function makeFrontPage(sources: ConsoleSources, watched: Watched): Promise<FrontPage> {
  const nowMs = sources.now();
  const { gate } = sources;
  const [gathered, readiness, waiting, undescribed] = await Promise.all([
    gatherAll(sources, watched, nowMs),
    sources.readiness(),
    attempt(() => countWaiting(gate.records)),
    attempt(async () => sources.undescribed()),
  ]);
  const { facts, trouble } = gathered;
  const up = answerUp({ readiness, flows: facts, nowMs });
  const rows = await Promise.all(
    facts.map(async (one) => makeFlowRow(one, await watched.lastCheck(one.flow).catch(() => null), nowMs)),
  );
  return {
    service: { version: sources.version, startedAtMs: sources.startedAtMs },
    nowMs,
    answers: [
      up,
      trouble === null ? answerSlow(facts, nowMs) : noData("slow", trouble),
      waiting === null
        ? noData("jobs", "the records of uploads cannot be read")
        : answerJobs({ waiting, jobs: watched.jobs(), nowMs }),
      trouble === null ? await lastChange(watched, facts, nowMs) : noData("change", trouble),
    ],
    flows: rows,
    held: waiting === null ? 0 : waiting.held + waiting.forPerson,
    undescribed: undescribed ?? [],
  };
}

function noData(question: Answer["question"], why: string): Answer {
  return {
    question,
    condition: "stale",
    word: "No data",
    sentence: `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
    seenAtMs: null,
    link: null,
  };
}

async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch {
    return null;
  }
}

const UNREADABLE = "the history of requests cannot be read; the log says why";

interface Gathered {
  readonly facts: readonly FlowFacts[];
  /** Why the history could not be asked, as a phrase; `null` where it could. */
  readonly trouble: string | null;
}

async function gatherAll(sources: ConsoleSources, watched: Watched, nowMs: number): Promise<Gathered> {
  const { gate, history } = sources;
  const gather = (flow: Flow, hour: HistoryPoint | null): Promise<FlowFacts> =>
    gatherFlowFacts({ flow, history, hour, probe: watched.probe(flow.name), nowMs });
  try {
    const totals = await history.totals(lastHour(nowMs));
    const facts = await Promise.all(
      gate.flows.flows.map((flow) => gather(flow, totals.get(flow.name) ?? null)),
    );
    return { facts, trouble: await staleness(sources, nowMs) };
  } catch (error) {
    gate.log.error({ err: error }, "the history cannot be read");
    const facts = gate.flows.flows.map((flow) => unknownFacts(flow, watched));
    return { facts, trouble: UNREADABLE };
  }
}

/** The history is written every few seconds while requests come. */
const UNWRITTEN_MS_MAX = 2 * 60_000;

/** A gate that takes uploads and writes none of them down says nothing of now. */
async function staleness(
  { gate, history, lastSignalAtMs }: ConsoleSources,
  nowMs: number,
): Promise<string | null> {
  if (!gate.settings.signals.history)
    return "no history of requests is kept (signals: { history: false } in the settings)";
  const last = lastSignalAtMs();
  const newest = await history.newestAtMs();
  const isBehind =
    last !== null && nowMs - last > UNWRITTEN_MS_MAX && (newest ?? 0) < last - UNWRITTEN_MS_MAX;
  if (!isBehind) return null;
  const since = newest === null ? "" : ` since ${sayMoment(newest, nowMs)}`;
  return `requests come, and nothing of them could be written into the history${since}; the log says why`;
}

function unknownFacts(flow: Flow, watched: Watched): FlowFacts {
  return {
    flow,
    expected: { p95Ms: null, failureShare: null, databaseCalls: null },
    windows: [],
    hour: null,
    speed: { kind: "none", measured: null, against: null, sinceMs: null, isSinceBefore: false },
    failures: { failed: 0, due: 0, share: null, limitShare: null, kind: "none" },
    marks: [],
    lastSeenAtMs: null,
    probe: watched.probe(flow.name),
  };
}

async function lastChange(watched: Watched, facts: readonly FlowFacts[], nowMs: number): Promise<Answer> {
  const changes = await attempt(() => newestChanges(watched, facts, nowMs));
  return changes === null
    ? noData("change", UNREADABLE)
    : answerChange({ changes, days: CHANGE_DAYS, nowMs });
}

const RANK: Readonly<Record<Condition, number>> = { bad: 0, attention: 1, good: 2, unknown: 3, stale: 4 };

/** The newest change as each flow that it concerns has felt it, the worst first. */
async function newestChanges(
  { judgements }: Watched,
  facts: readonly FlowFacts[],
  nowMs: number,
): Promise<readonly JudgedChange[]> {
  const latest = facts.flatMap((one) => {
    const mark = one.marks.find(isChange);
    return mark === undefined || mark.atMs < nowMs - CHANGE_DAYS * DAY ? [] : [{ flow: one.flow, mark }];
  });
  const newest = Math.max(...latest.map(({ mark }) => mark.atMs));
  const together = latest.filter(({ mark }) => newest - mark.atMs <= SAME_CHANGE_MS);
  const judged = await Promise.all(
    together.map(async ({ flow, mark }) => changeOf(flow, mark, await judgements.of(flow, mark, nowMs))),
  );
  return judged.toSorted((a, b) => RANK[a.judgement.condition] - RANK[b.judgement.condition]);
}

/** Where nothing can be said of any flow, what is of all of them is told as that. */
function changeOf(flow: Flow, mark: Mark, judgement: DeploymentJudgement): JudgedChange {
  const isOfAll = mark.flow === null && judgement.condition === "unknown";
  return { atMs: mark.atMs, label: markLabel(mark), flow: isOfAll ? null : flow.name, judgement };
}
