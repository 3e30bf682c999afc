/**
 * A history database as a gate would have written it after ninety days and ten million requests: ten flows, hours rolled up, the last two days by the minute, kept requests at their
 * bound, deployments and edits.
 */
import { randomBytes } from "node:crypto";
import { openSqliteRecords } from "../../src/records/sqlite/open-sqlite-records.ts";
import { ALL_FLOWS, DAY_MS, HOUR_MS, MINUTE_MS, rowOfPoint } from "../../src/signals/history/flow-roll.ts";
import { TrafficPoint } from "../../src/signals/history/traffic-point.ts";
import type { RequestSignal } from "../../src/signals/request-signal.ts";
import { SimulatedTraffic } from "./simulated-traffic.ts";

const MINUTES_KEPT_MS = 48 * HOUR_MS;
const KEPT_OF_EACH = 200;
const ROWS_A_WRITE = 240;

export interface GeneratedHistory {
  readonly flows: readonly string[];
  readonly requests: number;
  /** Just after the last request. */
  readonly endMs: number;
}

export interface HistorySize {
  readonly requests: number;
  readonly days: number;
  readonly flows: number;
}

type Store = Awaited<ReturnType<typeof openSqliteRecords>>;

/** Writes the history into a new records database at `path`. */
export async function generateHistory(
  path: string,
  size: HistorySize,
  endMs: number,
): Promise<GeneratedHistory> {
  const records = await openSqliteRecords({ path });
  const flows = Array.from({ length: size.flows }, (_, index) => `flow-${String(index).padStart(2, "0")}`);
  const traffic = flows.map((flow, index) => new SimulatedTraffic(flow, index + 1));
  const perHour = Math.ceil(size.requests / (size.days * 24 * size.flows));
  const firstDayMs = Math.floor(endMs / DAY_MS) * DAY_MS - (size.days - 1) * DAY_MS;
  let requests = 0;
  for (let dayMs = firstDayMs; dayMs < endMs; dayMs += DAY_MS)
    requests += await writeDay(records, { dayMs, traffic, perHour, endMs });
  for (const one of traffic) await writeKept(records, one, endMs);
  await writeMarks(records, flows, { endMs, days: size.days });
  await records.close();
  return { flows, requests, endMs };
}

interface DayToWrite {
  readonly dayMs: number;
  readonly traffic: readonly SimulatedTraffic[];
  readonly perHour: number;
  readonly endMs: number;
}

/** Rows of one step, by flow, and of all flows together. */
class Step {
  readonly #stepMs: number;
  readonly #fromMs: number;
  readonly #points = new Map<string, TrafficPoint>();

  constructor(stepMs: number, fromMs: number) {
    this.#stepMs = stepMs;
    this.#fromMs = fromMs;
  }

  add(flow: string, point: TrafficPoint): void {
    for (const name of [flow, ALL_FLOWS]) {
      const known = this.#points.get(name) ?? new TrafficPoint();
      known.merge(point);
      this.#points.set(name, known);
    }
  }

  rows() {
    const place = { stepMs: this.#stepMs, fromMs: this.#fromMs, writer: 1 };
    return [...this.#points].map(([flow, point]) => rowOfPoint(point, { ...place, flow }));
  }
}

async function writeDay(records: Store, { dayMs, traffic, perHour, endMs }: DayToWrite): Promise<number> {
  const day = new Step(DAY_MS, dayMs);
  const rows = [];
  let requests = 0;
  for (let hourMs = dayMs; hourMs < Math.min(dayMs + DAY_MS, endMs); hourMs += HOUR_MS) {
    const hour = new Step(HOUR_MS, hourMs);
    for (let minuteMs = hourMs; minuteMs < Math.min(hourMs + HOUR_MS, endMs); minuteMs += MINUTE_MS) {
      const minute = new Step(MINUTE_MS, minuteMs);
      for (const one of traffic) {
        const point = new TrafficPoint();
        for (const signal of one.minute(minuteMs, perHour / 60)) point.take(signal);
        requests += point.requests;
        hour.add(one.flow, point);
        day.add(one.flow, point);
        if (endMs - minuteMs <= MINUTES_KEPT_MS) minute.add(one.flow, point);
      }
      rows.push(...minute.rows());
    }
    rows.push(...hour.rows());
  }
  rows.push(...day.rows());
  for (let at = 0; at < rows.length; at += ROWS_A_WRITE)
    await records.remember({ points: rows.slice(at, at + ROWS_A_WRITE) });
  return requests;
}

async function writeKept(records: Store, traffic: SimulatedTraffic, endMs: number): Promise<void> {
  for (const because of ["failed", "refused", "slow", "sample"]) {
    const requests = Array.from({ length: KEPT_OF_EACH }, (_, index) => {
      const signal: RequestSignal = traffic.signal(endMs - (KEPT_OF_EACH - index) * 5 * MINUTE_MS);
      const { flow, atMs, requestId } = signal;
      return { flow: flow ?? "", because, atMs, requestId, signal: JSON.stringify(signal) };
    });
    await records.remember({ requests });
  }
}

/** A deployment of all flows a day, and an edit of each flow every week. */
async function writeMarks(
  records: Store,
  flows: readonly string[],
  { endMs, days }: { readonly endMs: number; readonly days: number },
): Promise<void> {
  const mark = (kind: string, atMs: number, flow: string | null) => ({
    id: randomBytes(16).toString("hex"),
    atMs,
    kind,
    flow,
    version: randomBytes(4).toString("hex"),
    previous: null,
    note: null,
    by: "bench",
  });
  const deployments = Array.from({ length: days }, (_, day) =>
    mark("deploy", endMs - day * DAY_MS - 2 * HOUR_MS, null),
  );
  const edits = flows.flatMap((flow) =>
    Array.from({ length: Math.floor(days / 7) }, (_, week) =>
      mark("flow", endMs - week * 7 * DAY_MS - 5 * HOUR_MS, flow),
    ),
  );
  await records.remember({ marks: [...deployments, ...edits] });
}
