/**
 * One flow's minute, hour and day that run, and the rows that they become. In: signals, and the clock's time. Out: rows, a whole one each time.
 *
 * Always holds: a row that is given again has everything that it had before, so that a row once written is only ever replaced by a fuller one.
 */
import type { RequestSignal } from "../request-signal.ts";
import type { PointRow } from "./history-store.ts";
import { type ChosenRequest, KeptChoice } from "./kept-choice.ts";
import { TrafficPoint } from "./traffic-point.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Requests of no flow, and all requests together, beside the flows by their names: neither is a name that a flow can have. */
export const NO_FLOW = "";
export const ALL_FLOWS = "*";

const beginOf = (stepMs: number, atMs: number): number => Math.floor(atMs / stepMs) * stepMs;

/** What has ended with a minute, as it is to be written. */
interface Ended {
  readonly points: readonly PointRow[];
  readonly requests: readonly ChosenRequest[];
}

export class FlowRoll {
  readonly #flow: string;
  readonly #choice = new KeptChoice();
  #writer: number;
  #minuteFromMs: number;
  #minute = new TrafficPoint();
  /** The minutes of the hour that have ended. */
  #hour = new TrafficPoint();
  /** The hours of the day that have ended. */
  #day = new TrafficPoint();
  #isDirty = false;

  /**
   * @param flow its name, or one of `NO_FLOW` and `ALL_FLOWS`, whose requests are not kept one by one
   * @param writer names the rows: no other roll of the flow may have it
   */
  constructor(flow: string, writer: number, nowMs: number) {
    this.#flow = flow;
    this.#writer = writer;
    this.#minuteFromMs = beginOf(MINUTE_MS, nowMs);
  }

  get writer(): number {
    return this.#writer;
  }

  get lastMinuteMs(): number {
    return this.#minuteFromMs;
  }

  get hasRequests(): boolean {
    return this.#minute.requests > 0;
  }

  /** Whether the clock has left the minute, forwards or backwards. */
  hasEnded(nowMs: number): boolean {
    return nowMs >= this.#minuteFromMs + MINUTE_MS || nowMs < this.#minuteFromMs;
  }

  take(signal: RequestSignal, nowMs: number): void {
    this.#isDirty = true;
    if (this.#flow === ALL_FLOWS) this.#minute.takeFigures(signal);
    else {
      this.#minute.take(signal);
      this.#choice.take(signal, nowMs);
    }
  }

  /**
   * Ends the minute, and the hour and the day where they end with it.
   * @param writer a new one where the clock was set back: those minutes may have rows already
   */
  end(nowMs: number, writer: number): Ended {
    const points: PointRow[] = [];
    const [hourFromMs, dayFromMs] = [
      beginOf(HOUR_MS, this.#minuteFromMs),
      beginOf(DAY_MS, this.#minuteFromMs),
    ];
    const isOther = writer !== this.#writer;
    points.push(...this.#row(MINUTE_MS, this.#minuteFromMs, this.#minute));
    this.#hour.merge(this.#minute);
    if (isOther || beginOf(HOUR_MS, nowMs) !== hourFromMs) {
      points.push(...this.#row(HOUR_MS, hourFromMs, this.#hour));
      this.#day.merge(this.#hour);
      this.#hour = new TrafficPoint();
    }
    if (isOther || beginOf(DAY_MS, nowMs) !== dayFromMs) {
      points.push(...this.#row(DAY_MS, dayFromMs, this.#day));
      this.#day = new TrafficPoint();
    }
    this.#minute = new TrafficPoint();
    this.#minuteFromMs = beginOf(MINUTE_MS, nowMs);
    this.#writer = writer;
    return { points, requests: this.#choice.endMinute() };
  }

  /** The minute, the hour and the day that run, where something has come since the last time. */
  running(): PointRow[] {
    if (!this.#isDirty) return [];
    this.#isDirty = false;
    const hour = together(this.#hour, this.#minute);
    return [
      ...this.#row(MINUTE_MS, this.#minuteFromMs, this.#minute),
      ...this.#row(HOUR_MS, beginOf(HOUR_MS, this.#minuteFromMs), hour),
      ...this.#row(DAY_MS, beginOf(DAY_MS, this.#minuteFromMs), together(this.#day, hour)),
    ];
  }

  /** The rows that run have not been written: they come again. */
  notWritten(): void {
    this.#isDirty = true;
  }

  chosen(): ChosenRequest[] {
    return this.#choice.taken();
  }

  /** None of a step without requests. */
  #row(stepMs: number, fromMs: number, point: TrafficPoint): PointRow[] {
    if (point.requests === 0) return [];
    return [rowOfPoint(point, { stepMs, fromMs, flow: this.#flow, writer: this.#writer })];
  }
}

function together(one: TrafficPoint, other: TrafficPoint): TrafficPoint {
  const sum = new TrafficPoint();
  sum.merge(one);
  sum.merge(other);
  return sum;
}

/** A point as it is stored. */
export function rowOfPoint(
  point: TrafficPoint,
  place: Pick<PointRow, "stepMs" | "fromMs" | "flow" | "writer">,
): PointRow {
  return {
    ...place,
    requests: point.requests,
    bytesIn: point.bytesIn,
    counts: JSON.stringify(point.counts()),
    times: Buffer.from(point.times()).toString("base64"),
    values: JSON.stringify(point.values.toWritten()),
  };
}
