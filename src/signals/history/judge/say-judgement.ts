/**
 * A judgement of a change as sentences: what is suspected first, then what stayed.
 */
import type { MarkJudgement } from "./mark-judgement.ts";

type Judged = Omit<MarkJudgement, "sentence">;

export function sayJudgement(judged: Judged): string {
  if (judged.missing !== null) return judged.missing;
  const sayings = [
    sayTime(judged.time),
    sayErrors(judged.errors),
    sayCalls(judged.databaseCalls),
    sayCache(judged.cache),
  ];
  const moved = sayings.filter(({ isMoved }) => isMoved).map(({ text }) => text);
  const stayed = sayings.filter(({ isMoved, text }) => !isMoved && text !== "").map(({ text }) => text);
  const usual = sayUsual(judged.time);
  if (moved.length === 0) return `Nothing suspected: ${stayed.join(", ")}.${usual}`;
  const rest = stayed.length === 0 ? "" : ` Otherwise: ${stayed.join(", ")}.`;
  return `Suspected: ${moved.join(", ")}.${rest}${usual}`;
}

interface Saying {
  readonly isMoved: boolean;
  /** Empty where nothing is known. */
  readonly text: string;
}

const isMoved = (direction: string): boolean => direction === "up" || direction === "down";

function sayTime({ direction, beforeMs, afterMs, change }: Judged["time"]): Saying {
  if (change === null || beforeMs === null || afterMs === null)
    return { isMoved: false, text: "service time cannot be compared" };
  const range = Number.isFinite(change.low + change.high)
    ? ` (${signed(change.low)} to ${signed(change.high)})`
    : "";
  const text = `service time ${signed(change.estimate)}${range}, ${inMs(beforeMs)} → ${inMs(afterMs)}`;
  return isMoved(direction)
    ? { isMoved: true, text }
    : { isMoved: false, text: `service time as before (${inMs(afterMs)})` };
}

function sayErrors({ direction, before, after }: Judged["errors"]): Saying {
  const moved = isMoved(direction);
  const text = moved
    ? `errors ${ofAll(before)} → ${ofAll(after)}`
    : after.count === 0
      ? "no errors"
      : `errors as before (${ofAll(after)})`;
  return { isMoved: moved, text };
}

function sayCalls({ direction, before, after }: Judged["databaseCalls"]): Saying {
  if (before === null || after === null) return { isMoved: false, text: "" };
  if (isMoved(direction))
    return { isMoved: true, text: `database calls ${short(before)} → ${short(after)} a request` };
  return { isMoved: false, text: `database calls as before (${short(after)})` };
}

function sayCache({ direction, hitShareBefore, hitShareAfter }: Judged["cache"]): Saying {
  if (hitShareBefore === null || hitShareAfter === null) return { isMoved: false, text: "" };
  if (isMoved(direction))
    return { isMoved: true, text: `cache hits ${percent(hitShareBefore)} → ${percent(hitShareAfter)}` };
  return { isMoved: false, text: `cache hits as before (${percent(hitShareAfter)})` };
}

function sayUsual({ usualChange }: Judged["time"]): string {
  if (usualChange === null || Math.abs(usualChange) < 0.01) return "";
  return ` The change of time that these hours had last week (${signed(usualChange)}) is taken off.`;
}

const ofAll = ({ count, of }: { readonly count: number; readonly of: number }): string =>
  `${count} of ${of}${of === 0 ? "" : ` (${percent(count / of)})`}`;

function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

const signed = (share: number): string => `${share < 0 ? "−" : "+"}${Math.round(Math.abs(share) * 100)} %`;

const inMs = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

const short = (calls: number): string => (Number.isInteger(calls) ? String(calls) : calls.toFixed(1));
