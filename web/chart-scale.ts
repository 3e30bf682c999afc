/**
 * Where values and times go in a chart. Pure: numbers in, positions from 0 to 1 (or percentages of SVG units) out.
 */
import type { Chart } from "../contract/console-api.ts";
import { sayClock, sayCount, sayDay, sayMs, sayShare } from "./say.ts";

/** Width and height of a plot in its own units; it is stretched to its place. */
export const PLOT_WIDTH = 1000;
export const PLOT_HEIGHT = 100;

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

type Values = readonly (number | null)[];

/** A value in the chart's own unit. */
export function sayValue(unit: Chart["unit"], value: number): string {
  if (unit === "ms") return sayMs(value);
  if (unit === "share") return sayShare(value);
  return sayCount(value);
}

/** Top of the axis: a round number at or above everything that is drawn; never 0. */
export function axisTop(unit: Chart["unit"], values: Values, limit: number | null): number {
  const seen = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const highest = seen.reduce((most, value) => Math.max(most, value), limit === null ? 0 : limit * 1.1);
  if (unit === "share") return highest > 0.5 ? 1 : roundUp(Math.max(highest, 0.01));
  return roundUp(Math.max(highest, 1));
}

/** 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value - power * 1e-9) ?? 10;
  return step * power;
}

/** The `d` of a line through the middles of its steps; gaps where there was nothing; a lone value is a dot (a line without length, with round ends). */
export function linePath(values: Values, top: number): string {
  const parts: string[] = [];
  let isDrawing = false;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      isDrawing = false;
      continue;
    }
    const at = `${round(stepMiddle(index, values.length) * PLOT_WIDTH)} ${round((1 - Math.min(1, value / top)) * PLOT_HEIGHT)}`;
    const isLone = !isDrawing && (values[index + 1] ?? null) === null;
    parts.push(isDrawing ? `L${at}` : isLone ? `M${at}h.01` : `M${at}`);
    isDrawing = true;
  }
  return parts.join("");
}

/** From 0 to 1. */
export const stepMiddle = (index: number, count: number): number => (index + 0.5) / Math.max(1, count);

/** Which step a position from 0 to 1 falls into. */
export const stepAt = (position: number, count: number): number =>
  Math.max(0, Math.min(count - 1, Math.floor(position * count)));

/** From 0 to 1; outside: beyond. */
export const timePosition = (atMs: number, { fromMs, toMs }: TimeSpan): number =>
  (atMs - fromMs) / Math.max(1, toMs - fromMs);

const MINUTE_MS = 60_000;
const TICK_STEPS_MS = [5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 7200].map(
  (minutes) => minutes * MINUTE_MS,
);
const TICKS_MAX = 8;

/** Round times of the reader's zone on the axis, with what to write there. */
export function timeTicks(span: TimeSpan): readonly { readonly at: number; readonly label: string }[] {
  const lengthMs = span.toMs - span.fromMs;
  const stepMs = TICK_STEPS_MS.find((step) => lengthMs / step <= TICKS_MAX) ?? lengthMs;
  const zoneMs = new Date(span.fromMs).getTimezoneOffset() * MINUTE_MS;
  const first = Math.ceil((span.fromMs - zoneMs) / stepMs) * stepMs + zoneMs;
  const ticks: { at: number; label: string }[] = [];
  for (let atMs = first; atMs < span.toMs; atMs += stepMs) {
    const label = stepMs >= 1440 * MINUTE_MS ? sayDay(atMs) : sayClock(atMs);
    ticks.push({ at: timePosition(atMs, span), label });
  }
  return ticks;
}

const round = (value: number): number => Math.round(value * 10) / 10;
