/**
 * The history's rows as SQL statements: put, and forgotten by age and number. Read by `signals/history/`, on a connection of its own.
 *
 * Always holds: bounded in rows, whatever is put. What comes beyond the bounds takes the place of the oldest.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  HistoryChange,
  HistoryMarkRow,
  HistoryPointRow,
  HistoryRequestRow,
  HistorySeenRow,
} from "../records.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long points of each step are kept, and how many of them there may be in all. */
const STEPS = [
  { stepMs: 60_000, keepMs: 48 * HOUR_MS, rowsMax: 200_000 },
  { stepMs: HOUR_MS, keepMs: 400 * DAY_MS, rowsMax: 250_000 },
  { stepMs: DAY_MS, keepMs: 400 * DAY_MS, rowsMax: 100_000 },
] as const;

/** Of each flow and kind. */
const REQUESTS_MAX = 200;
const REQUESTS_KEPT_MS = 30 * DAY_MS;
/** Of all flows. */
const ALL_REQUESTS_MAX = 40_000;
const MARKS_KEPT_MS = 400 * DAY_MS;
const MARKS_MAX = 10_000;
/** A gate that is started again and again must not push out what somebody did. */
const STARTS_MAX = 1000;
const SEEN_MAX = 10_000;

export class HistoryTable {
  readonly #putPoint: StatementSync;
  readonly #putValues: StatementSync;
  readonly #putRequest: StatementSync;
  readonly #dropRequests: StatementSync;
  readonly #putMark: StatementSync;
  readonly #putSeen: StatementSync;
  readonly #seen: StatementSync;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#putPoint = database.prepare(
      `INSERT INTO history_points (step_ms, flow, from_ms, writer, requests, bytes_in, counts, times) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (step_ms, flow, from_ms, writer) DO UPDATE SET requests = excluded.requests, bytes_in = excluded.bytes_in,
           counts = excluded.counts, times = excluded.times RETURNING seq`,
    );
    this.#putValues = database.prepare("INSERT OR REPLACE INTO history_values VALUES (?, ?)");
    this.#putRequest = database.prepare(
      "INSERT INTO history_requests (flow, because, at_ms, request_id, signal) VALUES (?, ?, ?, ?, ?)",
    );
    this.#dropRequests = database.prepare(
      `DELETE FROM history_requests WHERE flow = ?1 AND because = ?2 AND seq <=
         (SELECT seq FROM history_requests WHERE flow = ?1 AND because = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)`,
    );
    this.#putMark = database.prepare(
      `INSERT INTO history_marks (id, at_ms, kind, flow, version, previous, note, by_whom) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING`,
    );
    this.#putSeen = database.prepare("INSERT OR REPLACE INTO history_seen VALUES (?, ?, ?, ?)");
    this.#seen = database.prepare(
      `SELECT flow, what, value, at_ms AS atMs FROM history_seen ORDER BY flow, what LIMIT ${SEEN_MAX}`,
    );
  }

  put({ points = [], requests = [], marks = [], seen = [] }: HistoryChange): void {
    for (const point of points) this.#writePoint(point);
    for (const request of requests) this.#writeRequest(request);
    this.#dropSurplus(requests);
    for (const mark of marks) this.#writeMark(mark);
    for (const { flow, what, value, atMs } of seen) this.#putSeen.run(flow, what, value, atMs);
  }

  seen(): HistorySeenRow[] {
    return this.#seen.all().map((row) => ({ ...row }) as unknown as HistorySeenRow);
  }

  /** @returns how many rows were forgotten; about `limit` of each kind at most */
  forget(nowMs: number, limit: number): number {
    const most = Math.max(1, Math.trunc(limit));
    const points = STEPS.map(({ stepMs, keepMs, rowsMax }) =>
      this.#forgetPoints(stepMs, Math.max(nowMs - keepMs, this.#cutOf(stepMs, rowsMax)), most),
    );
    const rest = [
      this.#run(DROP_OLD_REQUESTS, nowMs - REQUESTS_KEPT_MS, most),
      this.#run(DROP_REQUESTS_BEYOND, ALL_REQUESTS_MAX),
      this.#run(DROP_OLD_MARKS, nowMs - MARKS_KEPT_MS, most),
      this.#run(DROP_MARKS_BEYOND, MARKS_MAX),
      this.#run(DROP_STARTS_BEYOND, STARTS_MAX),
      this.#run(DROP_SEEN_BEYOND, SEEN_MAX),
    ];
    return [...points, ...rest].reduce((sum, count) => sum + count, 0);
  }

  #writePoint(point: HistoryPointRow): void {
    const { stepMs, flow, fromMs, writer, requests, bytesIn, counts, times, values } = point;
    const bytes = Buffer.from(times, "base64");
    const row = this.#putPoint.get(stepMs, flow, fromMs, writer, requests, bytesIn, counts, bytes);
    this.#putValues.run(Number(row?.seq), values);
  }

  #writeRequest({ flow, because, atMs, requestId, signal }: HistoryRequestRow): void {
    this.#putRequest.run(flow, because, atMs, requestId, signal);
  }

  #dropSurplus(requests: readonly HistoryRequestRow[]): void {
    const groups = new Map(requests.map(({ flow, because }) => [`${because}\n${flow}`, { flow, because }]));
    for (const { flow, because } of groups.values()) this.#dropRequests.run(flow, because, REQUESTS_MAX);
  }

  #writeMark({ id, atMs, kind, flow, version, previous, note, by }: HistoryMarkRow): void {
    this.#putMark.run(id, atMs, kind, flow, version, previous, note, by);
  }

  /** Points that began before this are too many. */
  #cutOf(stepMs: number, rowsMax: number): number {
    const row = this.#database
      .prepare("SELECT from_ms FROM history_points WHERE step_ms = ? ORDER BY from_ms DESC LIMIT 1 OFFSET ?")
      .get(stepMs, rowsMax);
    return row === undefined ? Number.NEGATIVE_INFINITY : Number(row.from_ms) + stepMs;
  }

  #forgetPoints(stepMs: number, beforeMs: number, limit: number): number {
    const oldest =
      "SELECT seq FROM history_points WHERE step_ms = ?1 AND from_ms < ?2 ORDER BY from_ms LIMIT ?3";
    this.#run(`DELETE FROM history_values WHERE point IN (${oldest})`, stepMs, beforeMs, limit);
    return this.#run(`DELETE FROM history_points WHERE seq IN (${oldest})`, stepMs, beforeMs, limit);
  }

  #run(sql: string, ...values: readonly number[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }
}

const DROP_OLD_REQUESTS =
  "DELETE FROM history_requests WHERE seq IN (SELECT seq FROM history_requests WHERE at_ms < ? LIMIT ?)";
const DROP_REQUESTS_BEYOND =
  "DELETE FROM history_requests WHERE seq <= (SELECT seq FROM history_requests ORDER BY seq DESC LIMIT 1 OFFSET ?)";
const DROP_OLD_MARKS =
  "DELETE FROM history_marks WHERE seq IN (SELECT seq FROM history_marks WHERE at_ms < ? LIMIT ?)";
const DROP_MARKS_BEYOND =
  "DELETE FROM history_marks WHERE seq <= (SELECT seq FROM history_marks ORDER BY seq DESC LIMIT 1 OFFSET ?)";
const DROP_STARTS_BEYOND = `DELETE FROM history_marks WHERE kind IN ('start', 'stop') AND seq <=
  (SELECT seq FROM history_marks WHERE kind IN ('start', 'stop') ORDER BY seq DESC LIMIT 1 OFFSET ?)`;
const DROP_SEEN_BEYOND = `DELETE FROM history_seen WHERE at_ms <
  (SELECT at_ms FROM history_seen ORDER BY at_ms DESC LIMIT 1 OFFSET ?)`;
