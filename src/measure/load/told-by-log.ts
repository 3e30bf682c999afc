/**
 * What the service's log tells of requests whose answers told nothing: its own time, database calls, cache. Joined by the request's id.
 *
 * In: the requests, and the log's text, one JSON object a line: `request.id` (or `requestId`), `flow.app.ms`, `flow.recv.ms`, `flow.db.ms`, `flow.db.calls`, `flow.cache.state`, as the Python package's
 * `timing.py` writes them. Always holds: what an answer told stays as it told it; a request whose id is in two lines is left as it is.
 */
import { cacheWord, type LogLine, readLogLine } from "../log-line.ts";
import type { MeasuredRequest } from "../measured-request.ts";

type Told = Pick<MeasuredRequest, "recvMs" | "appMs" | "databaseMs" | "databaseCalls" | "cache">;

/** Whether a log could tell more than the answers did. */
export function isUntold(requests: readonly MeasuredRequest[]): boolean {
  return requests.some(
    ({ outcome, appMs, databaseCalls }) =>
      outcome === "accepted" && (appMs === null || databaseCalls === null),
  );
}

/** @returns the requests, and how many of them the log has told of */
export function toldByLog(
  requests: readonly MeasuredRequest[],
  log: string,
): { readonly requests: readonly MeasuredRequest[]; readonly told: number } {
  const byId = linesById(log);
  let told = 0;
  const all = requests.map((request) => {
    const line = request.requestId === null ? undefined : byId.get(request.requestId);
    if (line === undefined || line === null) return request;
    told += 1;
    return { ...request, ...withoutOverride(request, line) };
  });
  return { requests: all, told };
}

/** `null` where two lines have one id: nobody knows which of them is meant. */
function linesById(log: string): ReadonlyMap<string, Told | null> {
  const found = new Map<string, Told | null>();
  for (const text of log.split("\n")) {
    const line = readLogLine(text);
    const id = line?.["request.id"] ?? line?.requestId;
    if (line === null || typeof id !== "string") continue;
    const told = toldOf(line);
    if (told !== null) found.set(id, found.has(id) ? null : told);
  }
  return found;
}

function toldOf(line: LogLine): Told | null {
  const told: Told = {
    recvMs: numberOf(line["flow.recv.ms"]),
    appMs: numberOf(line["flow.app.ms"]),
    databaseMs: numberOf(line["flow.db.ms"]),
    databaseCalls: numberOf(line["flow.db.calls"]),
    cache: cacheWord(line["flow.cache.state"]),
  };
  return told.appMs === null && told.databaseCalls === null ? null : told;
}

function withoutOverride(request: MeasuredRequest, line: Told): Told {
  return {
    recvMs: request.recvMs ?? line.recvMs,
    appMs: request.appMs ?? line.appMs,
    databaseMs: request.databaseMs ?? line.databaseMs,
    databaseCalls: request.databaseCalls ?? line.databaseCalls,
    cache: request.cache === "unknown" ? line.cache : request.cache,
  };
}

const numberOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
