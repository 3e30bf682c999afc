/**
 * Reads `Server-Timing`, as a service (or the gate in front of it) sends it.
 *
 * In: the header's text, several lines joined by ", ". Out: what is in it by name of the metric, and of it what is known of a Python service's own work.
 * Always holds: bounded; rubbish in one metric does not hide the others; a duration is a finite number, not negative.
 *
 * @see https://www.w3.org/TR/server-timing/ sections 3 and 4
 */

/** One metric. `durationMs`: `dur`; `description`: `desc`, unquoted. */
export interface TimingMetric {
  readonly durationMs?: number;
  readonly description?: string;
}

/** Milliseconds; `null` where it is not told. */
export interface ServiceTiming {
  /** The service's work on the request, without the time in which the body arrived. */
  readonly appMs: number | null;
  readonly recvMs: number | null;
  readonly databaseMs: number | null;
  /** From `db;desc="7 calls"`. */
  readonly databaseCalls: number | null;
}

const TEXT_CHARS_MAX = 8192;
const METRICS_MAX = 64;

/** What a service tells of its own work. A gate in front puts its own metrics first, so of two with one name the last counts: the service's. */
export function readServiceTiming(headerText: string | null): ServiceTiming {
  const metrics = readServerTiming(headerText ?? "");
  const duration = (name: string): number | null => metrics.get(name)?.durationMs ?? null;
  return {
    appMs: duration("app"),
    recvMs: duration("recv"),
    databaseMs: duration("db"),
    databaseCalls: callsIn(metrics.get("db")?.description),
  };
}

/** `7 calls`, `1 call`, `7 queries`, or `7`. */
function callsIn(description: string | undefined): number | null {
  const found = /^\s*(\d{1,9})(?:\s+(?:database\s+|db\s+|sql\s+)?(?:calls?|quer(?:y|ies)))?\s*$/i.exec(
    description ?? "",
  );
  return found === null ? null : Number(found[1]);
}

/** All metrics by name; the last one of a name. */
export function readServerTiming(headerText: string): ReadonlyMap<string, TimingMetric> {
  const metrics = new Map<string, TimingMetric>();
  if (headerText.length > TEXT_CHARS_MAX) return metrics;
  for (const written of splitOutsideQuotes(headerText, ",").slice(0, METRICS_MAX)) {
    const [name = "", ...parameters] = splitOutsideQuotes(written, ";").map((part) => part.trim());
    if (TOKEN.test(name)) metrics.set(name, metricOf(parameters));
  }
  return metrics;
}

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Section 4: names of parameters are compared without regard to case, and the first of a name counts. */
function metricOf(parameters: readonly string[]): TimingMetric {
  const known = new Map<string, string>();
  for (const parameter of parameters) {
    const [name = "", ...rest] = parameter.split("=");
    const key = name.trim().toLowerCase();
    if (!known.has(key)) known.set(key, unquoted(rest.join("=").trim()));
  }
  const duration = known.get("dur");
  const description = known.get("desc");
  const isDuration = duration !== undefined && /^\d{1,12}(?:\.\d{1,12})?$/.test(duration);
  return {
    ...(isDuration ? { durationMs: Number(duration) } : {}),
    ...(description === undefined ? {} : { description }),
  };
}

function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, "$1") : value;
}

function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (char === "\\" && isQuoted) at++;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}
