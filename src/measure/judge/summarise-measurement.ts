/**
 * The four numbers of one measurement, from its requests alone: time, outcomes, cache, database calls; and what makes them worthless.
 *
 * Always holds: warm-up is left out; times are of accepted uploads, with timeouts entering as the time after which they were given up.
 */
import type { MeasuredOutcome, MeasuredRequest, SegmentHealth } from "../measured-request.ts";
import type { LoadPlan, MeasuredTimes, Measurement } from "../measurement.ts";
import { databaseCallsOf } from "./database-calls.ts";
import {
  appTimeOf,
  clientTimeOf,
  isMeasured,
  isTimeout,
  type TimeSource,
  timeSourceOf,
  timesOf,
  totalOf,
} from "./request-times.ts";
import { segmentFaults } from "./segment-faults.ts";

/** The part of a `Measurement` that is computed from requests. */
export type MeasurementFigures = Pick<
  Measurement,
  "total" | "app" | "appSource" | "outcomes" | "cache" | "databaseCalls" | "invalid" | "notes"
>;

/** Of accepted uploads, so many must tell of a number for it to be the number of the route. */
const TOLD_SHARE_MIN = 0.9;
/** From here on a drift within the segment is told. */
const DRIFT_SHARE = 0.25;
const DRIFT_COUNT_MIN = 90;

/**
 * Sums up one segment.
 * @param requests  of one segment; warm-up may be among them.
 * @param health    of the generator in that segment.
 * @param plan      as sent: its `timeoutMs` is what a timeout counts as.
 */
export function summariseMeasurement(
  requests: readonly MeasuredRequest[],
  health: SegmentHealth,
  plan: Pick<LoadPlan, "timeoutMs">,
): MeasurementFigures {
  const measured = requests.filter(isMeasured);
  const accepted = measured.filter(({ outcome }) => outcome === "accepted");
  const timeouts = measured.filter((each) => isTimeout(each, plan.timeoutMs)).length;
  const appSource = timeSourceOf(measured);
  const withTimeouts = (values: readonly number[]): MeasuredTimes =>
    timesOf([...values, ...Array<number>(timeouts).fill(plan.timeoutMs)], timeouts);
  const total = withTimeouts(accepted.map(totalOf));
  return {
    total,
    app: withTimeouts(numbersOf(accepted, (each) => appTimeOf(each, appSource))),
    appSource,
    outcomes: outcomesOf(measured),
    cache: cacheCountsOf(accepted),
    databaseCalls: databaseCallsOf(numbersOf(accepted, ({ databaseCalls }) => databaseCalls)),
    invalid: [
      ...(accepted.length === 0 ? [nothingAccepted(measured)] : []),
      ...segmentFaults(health, total.p50, total.p95 === null ? "median" : "tail"),
    ],
    notes: notesOf(accepted, appSource, timeouts),
  };
}

function numbersOf(
  requests: readonly MeasuredRequest[],
  numberOf: (request: MeasuredRequest) => number | null,
): readonly number[] {
  return requests.map(numberOf).filter((value) => value !== null);
}

/** How many requests had which outcome. */
export function outcomesOf(
  requests: readonly Pick<MeasuredRequest, "outcome">[],
): Readonly<Record<MeasuredOutcome, number>> {
  const counts = { accepted: 0, refused: 0, wrong: 0, failed: 0 };
  for (const { outcome } of requests) counts[outcome] += 1;
  return counts;
}

/** How many accepted uploads were answered from where. */
function cacheCountsOf(accepted: readonly MeasuredRequest[]): Measurement["cache"] {
  const counts = { hit: 0, miss: 0, bypass: 0, unknown: 0 };
  for (const { cache } of accepted) counts[cache] += 1;
  return counts;
}

function nothingAccepted(measured: readonly MeasuredRequest[]): string {
  const reason = measured.find((each) => each.reason !== null)?.reason;
  return `No upload was accepted, so there is no time to tell.${reason === undefined || reason === null ? "" : ` The first reason: ${reason}.`}`;
}

function notesOf(
  accepted: readonly MeasuredRequest[],
  source: TimeSource,
  timeouts: number,
): readonly string[] {
  const told = accepted.filter(({ databaseCalls }) => databaseCalls !== null).length;
  const notes: string[] = [];
  if (source === "client" && accepted.length > 0)
    notes.push(
      "The service does not tell its own time (Server-Timing with app;dur), so its time is what the client saw, network and waiting included.",
    );
  if (accepted.length > 0 && told < accepted.length * TOLD_SHARE_MIN)
    notes.push(
      told === 0
        ? "The service does not tell how often it asked its database (Server-Timing with db)."
        : `Only ${told} of ${accepted.length} answers told how often the database was asked.`,
    );
  if (timeouts > 0)
    notes.push(
      `${timeouts} of the requests had no answer in time; their true times are longer than what is told.`,
    );
  return [...notes, ...driftNote(accepted)];
}

/** A service that gets slower while it is measured has no one time. */
function driftNote(accepted: readonly MeasuredRequest[]): readonly string[] {
  if (accepted.length < DRIFT_COUNT_MIN) return [];
  const third = Math.floor(accepted.length / 3);
  const medianOfPart = (part: readonly MeasuredRequest[]): number | null =>
    timesOf(numbersOf(part, clientTimeOf), 0).p50;
  const first = medianOfPart(accepted.slice(0, third));
  const last = medianOfPart(accepted.slice(-third));
  if (first === null || last === null || first <= 0 || Math.abs(last / first - 1) < DRIFT_SHARE) return [];
  const word = last > first ? "slower" : "faster";
  return [
    `The service became ${word} while it was measured: a median of ${first.toFixed(1)} ms in the first third, ${last.toFixed(1)} ms in the last.`,
  ];
}
