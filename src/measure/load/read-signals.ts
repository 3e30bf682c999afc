/**
 * What an answer tells beside itself: the service's own time, database calls, the state of caches, the request's id.
 */
import { type Answer, headerOf } from "../../checks/answer-reader.ts";
import { readCacheState } from "../../signals/cache-state.ts";
import { readServiceTiming } from "../../signals/service-timing.ts";
import type { MeasuredRequest } from "../measured-request.ts";
import type { LoadRoute } from "./load-route.ts";

type Signals = Pick<
  MeasuredRequest,
  "cache" | "caches" | "recvMs" | "appMs" | "databaseMs" | "databaseCalls" | "requestId"
>;

const REQUEST_ID_CHARS_MAX = 128;

const NOTHING: Signals = {
  cache: "unknown",
  caches: {},
  recvMs: null,
  appMs: null,
  databaseMs: null,
  databaseCalls: null,
  requestId: null,
};

/** @param answer `null` where none came: then nothing is known */
export function readSignals(
  answer: Answer | null,
  route: Pick<LoadRoute, "caches" | "requestIdHeader">,
): Signals {
  if (answer === null) return NOTHING;
  const serverTiming = joinedHeader(answer, "server-timing");
  const { state, caches } = readCacheState({
    cacheStatus: joinedHeader(answer, "cache-status"),
    serverTiming,
    age: headerOf(answer, "age"),
    status: answer.status,
    declared: route.caches.flatMap(({ name, header }) =>
      header === null ? [] : [{ cache: name, value: headerOf(answer, header) }],
    ),
  });
  const { appMs, recvMs, databaseMs, databaseCalls } = readServiceTiming(serverTiming);
  const requestId = headerOf(answer, route.requestIdHeader)?.slice(0, REQUEST_ID_CHARS_MAX) ?? null;
  return { cache: state, caches, recvMs, appMs, databaseMs, databaseCalls, requestId };
}

function joinedHeader({ headers }: Answer, name: string): string | null {
  const values = headers.filter(([each]) => each === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}
