/**
 * The two times of a request that are judged: the service's own, and the one that its client saw.
 *
 * Always holds: milliseconds; `null` where the request did not come so far.
 */
import { quantileOf } from "../../statistics/quantile.ts";
import type { MeasuredRequest } from "../measured-request.ts";
import type { MeasuredTimes } from "../measurement.ts";

export type TimeSource = "server" | "client";

/** Clocks of timers end a little early. */
const TIMEOUT_SLACK = 0.98;
/** With at most these shares of answers without `app;dur`, the service's own time is what counts. */
const UNTOLD_SHARE_MAX = 0.02;
/** How many requests a quantile needs to be told at all. */
const COUNT_MIN = { p50: 30, p95: 100, p99: 500 } as const;

/** Warm-up requests have negative numbers and are in no figure. */
export function isMeasured(request: MeasuredRequest): boolean {
  return request.index >= 0;
}

export function isError({ outcome }: Pick<MeasuredRequest, "outcome">): boolean {
  return outcome === "wrong" || outcome === "failed";
}

/** It had no answer when its time was over. */
export function isTimeout(request: MeasuredRequest, timeoutMs: number): boolean {
  if (request.outcome !== "failed" || request.status !== null) return false;
  const since = request.firstByteSentMs ?? request.intendedMs;
  return request.endedMs - since >= timeoutMs * TIMEOUT_SLACK;
}

/** From the intended start to the end of the answer. */
export function totalOf(request: MeasuredRequest): number {
  return request.endedMs - request.intendedMs;
}

/** From the last byte sent to the first byte back: what the service took, and the way to it. */
export function clientTimeOf(request: MeasuredRequest): number | null {
  const { lastByteSentMs, firstByteBackMs } = request;
  if (lastByteSentMs === null || firstByteBackMs === null) return null;
  return Math.max(0, firstByteBackMs - lastByteSentMs);
}

/** The service's time: as it tells by `app;dur`, else as its client sees it. */
export function appTimeOf(request: MeasuredRequest, source: TimeSource): number | null {
  return source === "server" ? request.appMs : clientTimeOf(request);
}

/** Whether accepted answers tell `app;dur`; where some do not, the client's view holds for all. */
export function timeSourceOf(requests: readonly MeasuredRequest[]): TimeSource {
  const accepted = requests.filter((each) => isMeasured(each) && each.outcome === "accepted");
  const untold = accepted.filter(({ appMs }) => appMs === null).length;
  return accepted.length > 0 && untold <= accepted.length * UNTOLD_SHARE_MAX ? "server" : "client";
}

/**
 * Quantiles of times, each where there are enough of them, and where timeouts, whose true time nobody knows, do not reach it.
 * @param timeouts  how many of the times are of requests that were given up.
 */
export function timesOf(values: readonly number[], timeouts: number): MeasuredTimes {
  const share = values.length === 0 ? 0 : timeouts / values.length;
  const told = (quantile: number, countMin: number): number | null =>
    values.length >= countMin && share < 1 - quantile ? quantileOf(values, quantile) : null;
  return {
    count: values.length,
    p50: told(0.5, COUNT_MIN.p50),
    p95: told(0.95, COUNT_MIN.p95),
    p99: told(0.99, COUNT_MIN.p99),
    max: values.length === 0 ? null : values.reduce((one, other) => Math.max(one, other)),
  };
}
