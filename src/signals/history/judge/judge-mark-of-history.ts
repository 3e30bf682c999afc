/**
 * Fetches what a judgement of a mark needs from history: the hours around it, up to the changes next to it, and the same hours a week before.
 */
import type { HistoryPoint, HistoryReader, Mark, TimeRange } from "../history.ts";
import { judgeMark } from "./judge-mark.ts";
import type { MarkJudgement, Sides } from "./mark-judgement.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** So much on each side, at most: three hours are enough minutes, and near enough to be alike. */
const SIDE_MS = 3 * HOUR_MS;
/** Marks so near to each other are one change: a deployment that was told, the version that answers show, an edited flow. */
const TOGETHER_MS = 15 * 60_000;

/** Marks that may change how a flow behaves. */
const CHANGES: ReadonlySet<Mark["kind"]> = new Set(["deploy", "version", "flow", "mode", "change"]);

export interface MarkQuestion {
  readonly mark: Mark;
  /** The flow to judge it by: of a mark for all flows, one of them. */
  readonly flow: string;
  /** Of the flow's `measure`. */
  readonly smallestEffect: { readonly share: number; readonly ms: number };
  readonly nowMs: number;
}

/**
 * Judges a mark by what history has. Minutes are kept for 48 hours: of an older mark it says that there is too little.
 * @throws RECORDS_UNAVAILABLE
 */
export async function judgeMarkOfHistory(
  history: Pick<HistoryReader, "minutes" | "marks" | "series">,
  { mark, flow, smallestEffect, nowMs }: MarkQuestion,
): Promise<MarkJudgement> {
  const around = { fromMs: mark.atMs - SIDE_MS - TOGETHER_MS, toMs: mark.atMs + SIDE_MS + TOGETHER_MS };
  const sides = sidesOf(mark, await history.marks({ flow, range: around }), nowMs);
  const [before, after, lastWeek] = await Promise.all([
    history.minutes({ flow, range: sides.before }),
    history.minutes({ flow, range: sides.after }),
    lastWeekOf(history, flow, sides),
  ]);
  return judgeMark({ mark, before, after, lastWeek, smallestEffect });
}

interface Ranges {
  readonly before: TimeRange;
  readonly after: TimeRange;
}

/** Each side ends at the change next to it. */
function sidesOf(mark: Mark, marks: readonly Mark[], nowMs: number): Ranges {
  const times = marks.filter(({ kind }) => CHANGES.has(kind)).map(({ atMs }) => atMs);
  const together = [...times.filter((atMs) => Math.abs(atMs - mark.atMs) <= TOGETHER_MS), mark.atMs];
  const [firstMs, lastMs] = [Math.min(...together), Math.max(...together)];
  const earlier = Math.max(firstMs - SIDE_MS, ...times.filter((atMs) => atMs < firstMs));
  const later = Math.min(lastMs + SIDE_MS, nowMs, ...times.filter((atMs) => atMs > lastMs));
  // The minute in which it happened belongs to neither.
  return {
    before: { fromMs: earlier, toMs: Math.floor(firstMs / 60_000) * 60_000 },
    after: { fromMs: Math.ceil(lastMs / 60_000) * 60_000, toMs: Math.max(later, lastMs) },
  };
}

/** Whole hours only, and none that belongs to both sides. */
async function lastWeekOf(
  history: Pick<HistoryReader, "series">,
  flow: string,
  { before, after }: Ranges,
): Promise<Sides | null> {
  const hours = async ({ fromMs, toMs }: TimeRange): Promise<readonly HistoryPoint[]> => {
    if (toMs <= fromMs) return [];
    const range = { fromMs: fromMs - WEEK_MS, toMs: toMs - WEEK_MS };
    // As many points as hours: so each is an hour.
    return (await history.series({ flow, range, pointsMax: (toMs - fromMs) / HOUR_MS })).filter(hasTraffic);
  };
  const wholeHour = (round: (value: number) => number, atMs: number): number =>
    round(atMs / HOUR_MS) * HOUR_MS;
  const [early, late] = await Promise.all([
    hours({ fromMs: wholeHour(Math.floor, before.fromMs), toMs: wholeHour(Math.floor, before.toMs) }),
    hours({ fromMs: wholeHour(Math.ceil, after.fromMs), toMs: wholeHour(Math.ceil, after.toMs) }),
  ]);
  return early.length === 0 || late.length === 0 ? null : { before: early, after: late };
}

const hasTraffic = ({ requests }: HistoryPoint): boolean => requests > 0;
