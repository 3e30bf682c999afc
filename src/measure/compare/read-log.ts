/**
 * Reads a log of requests, one JSON object a line, whoever wrote it: the gate, the Python package's `timing.py`, or a `requests.ndjson` of a measurement.
 *
 * Always holds: one line at a time, bounded; a line that is no JSON, of another route or tells of no request is passed over and counted.
 */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { LoggedRequest } from "../judge/judge-input.ts";
import { cacheWord, type LogLine, readLogLine } from "../log-line.ts";
import type { MeasuredOutcome } from "../measured-request.ts";

export interface ReadLog {
  readonly requests: readonly LoggedRequest[];
  /** Lines that told of no request of this flow. */
  readonly passedOver: number;
  /** Whether lines had no time: then fifty of them count as one minute. */
  readonly isUntimed: boolean;
}

const LINES_MAX = 2_000_000;
const LINES_A_MINUTE = 50;
const MINUTE_MS = 60_000;

/** @throws COMPARE_LOG_INVALID where there is no such file, or no request in it */
export async function readLog(file: string, flow: Flow): Promise<ReadLog> {
  const startedAtMs = await startOfMeasurement(file);
  const requests: LoggedRequest[] = [];
  let [passedOver, untimed] = [0, 0];
  for await (const line of linesOf(file)) {
    const request = readLine(line, flow, startedAtMs);
    if (request === null) passedOver += 1;
    else {
      if (request.atMs === null) untimed += 1;
      const atMs = request.atMs ?? (requests.length / LINES_A_MINUTE) * MINUTE_MS;
      requests.push({ ...request, atMs });
    }
    if (requests.length >= LINES_MAX) break;
  }
  if (requests.length === 0) throw noRequests(file, flow, passedOver);
  return { requests, passedOver, isUntimed: untimed > 0 };
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, "utf8");
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
      yield line;
  } catch (cause) {
    throw new GateError("COMPARE_LOG_INVALID", {
      message: `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  } finally {
    stream.destroy();
  }
}

function noRequests(file: string, { name, route }: Flow, passedOver: number): GateError {
  return new GateError("COMPARE_LOG_INVALID", {
    message: `${file} has no line that tells of a request of ${name}.`,
    expected: `lines such as {"http.request.method":"${route.method}","http.route":"${route.path}","http.response.status_code":201,"flow.app.ms":8.4}`,
    seen: `${passedOver} other lines`,
  });
}

type UntimedRequest = Omit<LoggedRequest, "atMs"> & { readonly atMs: number | null };

function readLine(text: string, flow: Flow, startedAtMs: number | null): UntimedRequest | null {
  const line = readLogLine(text);
  if (line === null) return null;
  if (typeof line.intendedMs === "number") return ofMeasurement(line, startedAtMs);
  if (line.event === "request") return ofPython(line, flow);
  return ofGate(line, flow);
}

/** @see measured-request.ts */
function ofMeasurement(line: LogLine, startedAtMs: number | null): UntimedRequest | null {
  const index = numberOf(line.index);
  const outcome = outcomeWord(line.outcome);
  if (index === null || index < 0 || outcome === null) return null;
  const intendedMs = numberOf(line.intendedMs) ?? 0;
  return {
    atMs: startedAtMs === null ? null : startedAtMs + intendedMs,
    outcome,
    appMs: numberOf(line.appMs),
    cache: cacheWord(line.cache),
    databaseCalls: numberOf(line.databaseCalls),
  };
}

/** @see python/src/sluicegate/request_watch.py */
function ofPython(line: LogLine, flow: Flow): UntimedRequest | null {
  const method = line["http.request.method"];
  const route = line["http.route"] ?? line["url.path"];
  if (method !== flow.route.method || typeof route !== "string" || !isOfRoute(route, flow)) return null;
  return {
    atMs: timeOf(line),
    outcome: outcomeOf(numberOf(line["http.response.status_code"]), flow),
    appMs: numberOf(line["flow.app.ms"]),
    cache: cacheWord(line["flow.cache.state"]),
    databaseCalls: numberOf(line["flow.db.calls"]),
  };
}

/** The gate's line `request`, or a signal of it. What a client broke off says nothing of the service. */
function ofGate(line: LogLine, flow: Flow): UntimedRequest | null {
  if (line.flow !== flow.name || line.method !== flow.route.method) return null;
  const outcome = gateOutcome(line, flow);
  if (outcome === null) return null;
  const [service, timings] = [groupOf(line.service), groupOf(line.timings)];
  return {
    atMs: numberOf(line.atMs) ?? timeOf(line),
    outcome,
    appMs: numberOf(service?.appMs) ?? numberOf(timings?.app),
    cache: cacheWord(service?.cache),
    databaseCalls: numberOf(service?.databaseCalls),
  };
}

/** A request that went by is judged by the service's answer. */
function gateOutcome(line: LogLine, flow: Flow): MeasuredOutcome | null {
  if (line.code === "REQUEST_ABORTED") return null;
  return (
    outcomeWord(line.outcome) ?? (line.outcome === "passed" ? outcomeOf(numberOf(line.status), flow) : null)
  );
}

const groupOf = (value: unknown): LogLine | null =>
  typeof value === "object" && value !== null ? (value as LogLine) : null;

function outcomeOf(status: number | null, { notes }: Flow): MeasuredOutcome {
  if (status === null || status >= 500) return "failed";
  if (status >= 400) return "refused";
  const expected = notes.expect?.status;
  return expected === undefined || expected === status ? "accepted" : "wrong";
}

/** The template, or a path that it matches. */
function isOfRoute(path: string, { route }: Flow): boolean {
  if (path === route.path) return true;
  const [given, wanted] = [path.split("/"), route.path.split("/")];
  return (
    given.length === wanted.length &&
    wanted.every((segment, at) => segment === given[at] || (segment.startsWith("{") && given[at] !== ""))
  );
}

const outcomeWord = (value: unknown): MeasuredOutcome | null =>
  value === "accepted" || value === "refused" || value === "wrong" || value === "failed" ? value : null;

const numberOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

/** Unix milliseconds or seconds, or a date as text. */
function timeOf(line: LogLine): number | null {
  const value = line.time ?? line.timestamp ?? line["@timestamp"] ?? line.ts;
  if (typeof value === "number") return value > 1e11 ? value : value * 1000;
  if (typeof value !== "string") return null;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : atMs;
}

/** `measurement.json` beside a `requests.ndjson` knows when it began. */
async function startOfMeasurement(file: string): Promise<number | null> {
  const text = await readFile(join(dirname(file), "measurement.json"), "utf8").catch(() => null);
  return text === null ? null : numberOf(readLogLine(text)?.startedAtMs);
}
