/**
 * The questions of `HistoryReader` as SQL on the records database. Runs on the reader's thread, on a read-only connection.
 *
 * Always holds: an answer reads few rows, however much history there is: whole days and hours from rows of their own, what is left of the range from
 * rows of minutes.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { CacheState } from "../../request-signal.ts";
import { ALL_FLOWS, NO_FLOW } from "../flow-roll.ts";
import type { Difference, HistoryPoint, KeptRequest, Mark, TimeRange, TimeSketch } from "../history.ts";
import { TimeTally } from "../time-sketch.ts";
import { CACHE_STATES, TrafficPoint } from "../traffic-point.ts";
import { coverOf, DAY_MS, HOUR_MS, MINUTE_MS, type Span, stepFor } from "./time-steps.ts";

type Row = Record<string, SQLOutputValue>;

const REQUESTS_MAX = 1000;
const MARKS_MAX = 2000;
const COLUMNS = "flow, from_ms, requests, bytes_in, counts, times";

/** Which flow: `undefined` all together, `null` requests of no flow. */
type Flow = string | null | undefined;

export class HistoryQuestions {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  series(query: {
    readonly flow?: Flow;
    readonly range: TimeRange;
    readonly pointsMax: number;
  }): HistoryPoint[] {
    const hasMinutes = this.#hasMinutesFrom(query.range.fromMs);
    const { stepMs, fromMs, count } = stepFor(query.range, query.pointsMax, hasMinutes ? MINUTE_MS : HOUR_MS);
    const points = Array.from({ length: count }, () => new TrafficPoint());
    const rowsStepMs = [DAY_MS, HOUR_MS].find((rowMs) => stepMs % rowMs === 0) ?? MINUTE_MS;
    const span = { stepMs: rowsStepMs, fromMs, toMs: query.range.toMs };
    for (const row of this.#points(span, query.flow))
      addRow(points[Math.floor((Number(row.from_ms) - fromMs) / stepMs)], row);
    return points.map((point, index) => toHistoryPoint(point, fromMs + index * stepMs, stepMs));
  }

  totals(range: TimeRange): Map<string | null, HistoryPoint> {
    const flows = new Map<string, TrafficPoint>();
    for (const span of this.#cover(range)) {
      for (const row of this.#pointsOfEach(span)) addRow(pointOf(flows, String(row.flow)), row);
    }
    return new Map(
      [...flows].map(([flow, point]) => [
        flow === NO_FLOW ? null : flow,
        toHistoryPoint(point, range.fromMs, range.toMs - range.fromMs),
      ]),
    );
  }

  refusals(query: {
    readonly flow: string;
    readonly range: TimeRange;
  }): { readonly code: string; readonly count: number; readonly lastAtMs: number }[] {
    const whole = new TrafficPoint();
    for (const span of this.#cover(query.range)) {
      for (const row of this.#points(
        span,
        query.flow,
        "flow, from_ms, requests, bytes_in, counts, NULL AS times",
      ))
        addRow(whole, row);
    }
    return [...whole.codes]
      .map(([code, { count, lastAtMs }]) => ({ code, count, lastAtMs }))
      .sort((one, other) => other.count - one.count);
  }

  requests(query: {
    readonly flow?: string;
    readonly range?: TimeRange;
    readonly because?: KeptRequest["keptBecause"];
    readonly limit: number;
  }): KeptRequest[] {
    const asked: [string, string | number | undefined][] = [
      ["flow = ?", query.flow],
      ["because = ?", query.because],
      ["at_ms >= ?", query.range?.fromMs],
      ["at_ms < ?", query.range?.toMs],
    ];
    const where = asked.filter((one): one is [string, string | number] => one[1] !== undefined);
    const condition = where.map(([text]) => text).join(" AND ") || "TRUE";
    return this.#database
      .prepare(`SELECT because, signal FROM history_requests WHERE ${condition} ORDER BY seq DESC LIMIT ?`)
      .all(...where.map(([, value]) => value), atMost(query.limit, REQUESTS_MAX))
      .flatMap(toKept);
  }

  request(requestId: string): KeptRequest | null {
    const found = this.#database
      .prepare("SELECT because, signal FROM history_requests WHERE request_id = ? ORDER BY seq DESC LIMIT 1")
      .all(requestId);
    return found.flatMap(toKept)[0] ?? null;
  }

  marks(query: { readonly flow?: string; readonly range: TimeRange }): Mark[] {
    const flow = query.flow ?? null;
    return this.#database
      .prepare(
        `SELECT id, at_ms AS atMs, kind, flow, version, previous, note, by_whom AS "by" FROM history_marks
           WHERE at_ms >= ? AND at_ms < ? AND (? IS NULL OR flow IS NULL OR flow = ?) ORDER BY at_ms DESC, seq DESC LIMIT ${MARKS_MAX}`,
      )
      .all(query.range.fromMs, query.range.toMs, flow, flow)
      .map((row) => ({ ...row }) as unknown as Mark)
      .reverse();
  }

  differences(query: {
    readonly flow: string;
    readonly range: TimeRange;
    readonly limit: number;
  }): readonly Difference[] {
    const whole = new TrafficPoint();
    const statement = this.#database.prepare(
      `SELECT v.counts FROM history_points p JOIN history_values v ON v.point = p.seq
         WHERE p.step_ms = ? AND p.flow = ? AND p.from_ms >= ? AND p.from_ms < ?`,
    );
    for (const { stepMs, fromMs, toMs } of this.#cover(query.range)) {
      for (const row of statement.all(stepMs, query.flow, fromMs, toMs))
        whole.mergeWrittenValues(String(row.counts));
    }
    return whole.values.differences(query.limit);
  }

  minutes(query: { readonly flow: string; readonly range: TimeRange }): HistoryPoint[] {
    const minutes = new Map<number, TrafficPoint>();
    const { fromMs, toMs } = query.range;
    for (const row of this.#points({ stepMs: MINUTE_MS, fromMs, toMs }, query.flow))
      addRow(pointOf(minutes, Number(row.from_ms)), row);
    return [...minutes]
      .sort(([one], [other]) => one - other)
      .map(([at, point]) => ({
        ...toHistoryPoint(point, at, MINUTE_MS),
        appByCache: Object.fromEntries(
          [...point.app].map(([state, { counts }]) => [state, { counts }] as const),
        ) as Partial<Record<CacheState, TimeSketch>>,
      }));
  }

  newestAtMs(): number | null {
    const newest = this.#edgeOf(MINUTE_MS, "DESC");
    if (newest === null) return null;
    const point = new TrafficPoint();
    for (const row of this.#points({ stepMs: MINUTE_MS, fromMs: newest, toMs: newest + 1 }, undefined))
      addRow(point, row);
    return point.lastAtMs;
  }

  #points({ stepMs, fromMs, toMs }: Span, flow: Flow, columns = COLUMNS): Row[] {
    return this.#database
      .prepare(
        `SELECT ${columns} FROM history_points WHERE step_ms = ? AND flow = ? AND from_ms >= ? AND from_ms < ?`,
      )
      .all(stepMs, flow === undefined ? ALL_FLOWS : (flow ?? NO_FLOW), fromMs, toMs);
  }

  #pointsOfEach({ stepMs, fromMs, toMs }: Span): Row[] {
    return this.#database
      .prepare(
        `SELECT ${COLUMNS} FROM history_points WHERE step_ms = ? AND from_ms >= ? AND from_ms < ? AND flow <> ?`,
      )
      .all(stepMs, fromMs, toMs, ALL_FLOWS);
  }

  #cover(range: TimeRange): readonly Span[] {
    return coverOf(range, (atMs) => this.#hasMinutesFrom(atMs));
  }

  /** Minutes are forgotten long before hours: whether those from this time on are still there. */
  #hasMinutesFrom(atMs: number): boolean {
    const [minute, hour] = [this.#edgeOf(MINUTE_MS, "ASC"), this.#edgeOf(HOUR_MS, "ASC")];
    return minute !== null && (atMs >= minute || hour === null || hour + HOUR_MS > minute);
  }

  #edgeOf(stepMs: number, order: "ASC" | "DESC"): number | null {
    const row = this.#database
      .prepare(`SELECT from_ms FROM history_points WHERE step_ms = ? ORDER BY from_ms ${order} LIMIT 1`)
      .get(stepMs);
    return row === undefined ? null : Number(row.from_ms);
  }
}

function pointOf<Key>(points: Map<Key, TrafficPoint>, key: Key): TrafficPoint {
  const known = points.get(key);
  if (known !== undefined) return known;
  const point = new TrafficPoint();
  points.set(key, point);
  return point;
}

function addRow(point: TrafficPoint | undefined, row: Row): void {
  point?.mergeWritten({
    requests: Number(row.requests),
    bytesIn: Number(row.bytes_in),
    counts: String(row.counts),
    times: row.times instanceof Uint8Array ? row.times : null,
  });
}

function toHistoryPoint(point: TrafficPoint, fromMs: number, stepMs: number): HistoryPoint {
  const app = new TimeTally();
  for (const state of CACHE_STATES) {
    const sketch = point.app.get(state);
    if (sketch !== undefined) app.merge(sketch);
  }
  return {
    fromMs,
    stepMs,
    requests: point.requests,
    outcomes: Object.fromEntries(point.outcomes),
    cache: Object.fromEntries(point.cache),
    totalMs: point.total.quantiles(),
    appMs: app.quantiles(),
    databaseCalls: callsOf(point),
    bytesIn: point.bytesIn,
  };
}

function callsOf(point: TrafficPoint): HistoryPoint["databaseCalls"] {
  const calls = [...point.calls.values()];
  const count = calls.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return null;
  return {
    mean: calls.reduce((sum, one) => sum + one.sum, 0) / count,
    max: Math.max(...calls.map(({ max }) => max)),
  };
}

/** A row that somebody has made unreadable is passed over. */
function toKept(row: Row): KeptRequest[] {
  try {
    const signal = JSON.parse(String(row.signal)) as KeptRequest;
    return [{ ...signal, keptBecause: row.because as KeptRequest["keptBecause"] }];
  } catch {
    return [];
  }
}

const atMost = (limit: number, max: number): number => Math.max(0, Math.min(Math.trunc(limit), max));
