/**
 * One flow's minute and hour that run, and the rows that they become. In: signals, and the clock's time. Out: rows, a whole one each time.
 *
 * Always holds: a row that was given again has everything that it had before, so that a row once written is only ever replaced by a fuller one.
 */
import type { RequestSignal } from "../request-signal.ts";
import type { PointRow } from "./history-store.ts";
import { type ChosenRequest, KeptChoice } from "./kept-choice.ts";
import { TrafficPoint } from "./traffic-point.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

const beginOf = (stepMs: number, atMs: number): number => Math.floor(atMs / stepMs) * stepMs;

/** A whole step and what it is to be written as. */
interface Ended {
  readonly points: PointRow[];
  readonly requests: ChosenRequest[];
}

export class FlowRoll {
  readonly #flow: string;
  readonly #choice = new KeptChoice();
  #writer: number;
  #minuteFromMs: number;
  #minute = new TrafficPoint();
  /** The minutes of the hour that have ended. */
  #hour = new TrafficPoint();
  #isDirty = false;

  /** @param flow `""` for requests of no flow. @param writer names the rows; another one for what would write the same rows again */
  constructor(flow: string, writer: number, nowMs: number) {
    this.#flow = flow;
    this.#writer = writer;
    this.#minuteFromMs = beginOf(MINUTE_MS, nowMs);
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
    this.#minute.take(signal);
    this.#choice.take(signal, nowMs);
    this.#isDirty = true;
  }

  /**
   * Ends the minute, and the hour where it ends with it.
   * @param writer a new one where the clock was set back: those minutes may have rows already
   */
  end(nowMs: number, writer: number): Ended {
    const ended: Ended = { points: [], requests: this.#choice.endMinute() };
    const hourFromMs = beginOf(HOUR_MS, this.#minuteFromMs);
    const isHourOver = writer !== this.#writer || beginOf(HOUR_MS, nowMs) !== hourFromMs;
    if (this.#minute.requests > 0) {
      ended.points.push(this.#row(MINUTE_MS, this.#minuteFromMs, this.#minute));
      this.#hour.merge(this.#minute);
    }
    if (this.#hour.requests > 0 && (isHourOver || this.#minute.requests > 0))
      ended.points.push(this.#row(HOUR_MS, hourFromMs, this.#hour));
    if (isHourOver) this.#hour = new TrafficPoint();
    this.#minute = new TrafficPoint();
    this.#minuteFromMs = beginOf(MINUTE_MS, nowMs);
    this.#writer = writer;
    this.#isDirty = false;
    return ended;
  }

  /** The minute and the hour that run, where something has come since the last time. */
  running(): PointRow[] {
    if (!this.#isDirty) return [];
    this.#isDirty = false;
    const hour = new TrafficPoint();
    hour.merge(this.#hour);
    hour.merge(this.#minute);
    return [
      this.#row(MINUTE_MS, this.#minuteFromMs, this.#minute),
      this.#row(HOUR_MS, beginOf(HOUR_MS, this.#minuteFromMs), hour),
    ];
  }

  /** The rows that run have not been written: they come again. */
  notWritten(): void {
    this.#isDirty = true;
  }

  chosen(): ChosenRequest[] {
    return this.#choice.taken();
  }

  #row(stepMs: number, fromMs: number, point: TrafficPoint): PointRow {
    return {
      stepMs,
      fromMs,
      flow: this.#flow,
      writer: this.#writer,
      requests: point.requests,
      bytesIn: point.bytesIn,
      counts: JSON.stringify(point.counts()),
      times: Buffer.from(point.times()).toString("base64"),
      values: JSON.stringify(point.values.toWritten()),
    };
  }
}
