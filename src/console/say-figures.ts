/**
 * Numbers, times and counts as they stand in the console's sentences.
 *
 * Always holds: a sentence is right for none, one and many; times of day are in UTC and say so, since nobody here knows the reader's clock.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `no uploads`, `1 upload`, `3 uploads`. @param plural where it is not with an `s` */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  if (amount === 0) return `no ${plural}`;
  return amount === 1 ? `1 ${noun}` : `${sayNumber(amount)} ${plural}`;
}

/** `12,345`. */
export function sayNumber(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `0.4 ms`, `820 ms`, `1.2 s`, `12 s`, `2 min 5 s`, `1 h 2 min`. */
export function sayDuration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * SECOND) return `${Number((ms / SECOND).toFixed(1))} s`;
  if (ms < 59.5 * SECOND) return `${Math.round(ms / SECOND)} s`;
  const seconds = Math.round(ms / SECOND);
  return seconds < 3600 ? pair(seconds, 60, "min", "s") : pair(Math.round(seconds / 60), 60, "h", "min");
}

function pair(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  return `${sayNumber(Math.floor(amount / size))} ${large}${rest === 0 ? "" : ` ${rest} ${small}`}`;
}

/** A share from 0 to 1: `0 %`, `under 0.1 %`, `2.5 %`, `12 %`, `over 99 %`. */
export function sayShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.1) return "under 0.1 %";
  if (percent < 9.95) return `${Number(percent.toFixed(1))} %`;
  return percent > 99 && percent < 100 ? "over 99 %" : `${Math.round(percent)} %`;
}

/** How long ago, in steps that do not change with every look: `just now`, `40 s ago`, `3 minutes ago`, `2 days ago`. */
export function sayAgo(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (ms < 10 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / (10 * SECOND)) * 10} s ago`;
  if (ms < HOUR) return `${count(Math.floor(ms / MINUTE), "minute")} ago`;
  if (ms < 2 * DAY) return `${count(Math.floor(ms / HOUR), "hour")} ago`;
  return `${count(Math.floor(ms / DAY), "day")} ago`;
}

/** `10:42 UTC`; on another day `20 Nov, 10:42 UTC`; in another year with the year. */
export function sayMoment(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const now = new Date(nowMs);
  const clock = `${at.toISOString().slice(11, 16)} UTC`;
  if (at.toISOString().slice(0, 10) === now.toISOString().slice(0, 10)) return clock;
  const day = `${at.getUTCDate()} ${at.toLocaleString("en-US", { month: "short", timeZone: "UTC" })}`;
  return at.getUTCFullYear() === now.getUTCFullYear()
    ? `${day}, ${clock}`
    : `${day} ${at.getUTCFullYear()}, ${clock}`;
}

/** `a`, `a and b`, `a, b and 3 more`. @param most how many are named */
export function sayNames(names: readonly string[], most = 3): string {
  const named = names.length <= most ? names : names.slice(0, most - 1);
  const left = names.length - named.length;
  const words = left === 0 ? [...named] : [...named, `${left} more`];
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
