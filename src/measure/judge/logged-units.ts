/**
 * A log as stretches of time, and two logs as one pair: what the judgement of runs takes, made of lines that nobody has sent on purpose.
 */
import type { MeasuredRequest } from "../measured-request.ts";
import type { LoggedRequest } from "./judge-input.ts";
import type { TimedUploads } from "./like-for-like.ts";
import { countClasses, type SampledPair, type SampledSegment, type SampledUpload } from "./sampled-pair.ts";

/** Accepted uploads with a time, in stretches of `lengthMs`; stretches with fewer than `uploadsMin` are left out. In order of time. */
export function unitsOfLog(
  log: readonly LoggedRequest[],
  lengthMs: number,
  uploadsMin: number,
  isCacheDeclared: boolean,
): readonly TimedUploads[] {
  const timed = log.filter(({ outcome, appMs }) => outcome === "accepted" && appMs !== null);
  const stretches = Map.groupBy(timed, ({ atMs }) => Math.floor(atMs / lengthMs));
  return [...stretches]
    .sort(([one], [other]) => one - other)
    .map(([, requests]) => uploadsOf(requests, isCacheDeclared))
    .filter(({ uploads }) => uploads.length >= uploadsMin);
}

function uploadsOf(requests: readonly LoggedRequest[], isCacheDeclared: boolean): TimedUploads {
  const uploads = requests
    .map((request) => sampled(request, isCacheDeclared))
    .sort((one, other) => (one.server ?? 0) - (other.server ?? 0));
  return { uploads, timeouts: 0, counts: countClasses(uploads) };
}

function sampled({ appMs, cache, databaseCalls }: LoggedRequest, isCacheDeclared: boolean): SampledUpload {
  const cacheClass = cache === "unknown" && !isCacheDeclared ? "miss" : cache;
  return { cacheClass, size: 0, server: appMs, client: null, total: appMs ?? 0, databaseCalls };
}

/** Both logs, each as one segment. */
export function loggedPair(
  a: readonly LoggedRequest[],
  b: readonly LoggedRequest[],
  isCacheDeclared: boolean,
): SampledPair {
  return {
    pair: 0,
    order: "ab",
    a: segmentOf(a, "a", isCacheDeclared),
    b: segmentOf(b, "b", isCacheDeclared),
  };
}

function segmentOf(log: readonly LoggedRequest[], arm: "a" | "b", isCacheDeclared: boolean): SampledSegment {
  const accepted = log.filter(({ outcome }) => outcome === "accepted");
  const startedAtMs = log.reduce((first, { atMs }) => Math.min(first, atMs), log[0]?.atMs ?? 0);
  return {
    ...uploadsOf(accepted, isCacheDeclared),
    repeats: [],
    measured: log.map((request, index) => measuredOf(request, index, arm, startedAtMs)),
    health: {
      arm,
      pair: 0,
      startedAtMs,
      elapsedMs: 0,
      sendLagP99Ms: 0,
      busyShare: 0,
      completeShare: 1,
      stopped: null,
    },
  };
}

/** A line of a log as a request, of which only the outcome, the cache and the calls are known. */
function measuredOf(
  request: LoggedRequest,
  index: number,
  arm: "a" | "b",
  startedAtMs: number,
): MeasuredRequest {
  const intendedMs = request.atMs - startedAtMs;
  return {
    arm,
    pair: 0,
    index,
    intendedMs,
    firstByteSentMs: null,
    lastByteSentMs: null,
    firstByteBackMs: null,
    endedMs: intendedMs + (request.appMs ?? 0),
    status: null,
    outcome: request.outcome,
    reason: null,
    sentBytes: 0,
    sizeBucket: 0,
    payload: "",
    repeat: 0,
    phase: "cold",
    cache: request.cache,
    caches: {},
    recvMs: null,
    appMs: request.appMs,
    databaseMs: null,
    databaseCalls: request.databaseCalls,
    requestId: null,
  };
}
