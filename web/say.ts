/**
 * Figures as people read them: times, shares, counts, sizes, ages. Pure. A number and its unit never part (no-break space).
 */

const GAP = "\u00a0";
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** What stands where there is nothing to tell. */
export const NOTHING = "–";

/** `0.4 ms`, `820 ms`, `1.23 s`, `2 min 5 s`. */
export function sayMs(ms: number): string {
  if (ms < 10) return `${trim(ms, 1)}${GAP}ms`;
  if (ms < 999.5) return `${Math.round(ms)}${GAP}ms`;
  if (ms < 59_950) return `${trim(ms / 1000, ms < 9_995 ? 2 : 1)}${GAP}s`;
  return sayLong(ms);
}

/** `0 %`, `< 0.1 %`, `3.4 %`, `62 %`. */
export function sayShare(share: number): string {
  if (share > 0 && share < 0.0005) return `<${GAP}0.1${GAP}%`;
  return `${trim(share * 100, share < 0.0995 || share > 0.99 ? 1 : 0)}${GAP}%`;
}

/** `1,204`; at most one decimal. */
export function sayCount(count: number): string {
  return count.toLocaleString("en", { maximumFractionDigits: 1 });
}

/** `1 request`, `3 requests`. */
export function sayMany(count: number, one: string, many = `${one}s`): string {
  return `${sayCount(count)}${GAP}${count === 1 ? one : many}`;
}

/** `812 B`, `4.2 kB`, `1.3 MB`: powers of ten, as limits in flow files. */
export function sayBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${trim(bytes / 1000 ** power, power === 0 ? 0 : 1)}${GAP}${units[power]}`;
}

/** `just now`, `14 s ago`, `3 h 20 min ago`, `in 40 s`. */
export function sayAge(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (Math.abs(ms) < 1_000) return "just now";
  return ms > 0 ? `${sayLong(ms)}${GAP}ago` : `in${GAP}${sayLong(-ms)}`;
}

/** Day and time to the second, in the reader's zone, which is named. */
export function sayExactTime(atMs: number): string {
  return new Date(atMs).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

/** `10:42`, or `10:42:07`. */
export function sayClock(atMs: number, withSeconds = false): string {
  const seconds = withSeconds ? ({ second: "2-digit" } as const) : {};
  return new Date(atMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...seconds });
}

/** `22 Nov`. */
export function sayDay(atMs: number): string {
  return new Date(atMs).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

function sayLong(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)}${GAP}s`;
  if (ms < 10 * MINUTE_MS) return pair(ms, MINUTE_MS, "min", 1000, "s");
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}${GAP}min`;
  if (ms < DAY_MS) return pair(ms, HOUR_MS, "h", MINUTE_MS, "min");
  const days = Math.floor(ms / DAY_MS);
  return `${days}${GAP}day${days === 1 ? "" : "s"}`;
}

function pair(ms: number, unitMs: number, unit: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % unitMs) / smallMs);
  const whole = `${Math.floor(ms / unitMs)}${GAP}${unit}`;
  return rest === 0 ? whole : `${whole}${GAP}${rest}${GAP}${small}`;
}

const trim = (value: number, digits: number): string => String(Number(value.toFixed(digits)));
