/**
 * The four numbers of a measurement as rows of words: what they are, and what they mean.
 */
import { sayMs, sayNumber, sayShare } from "../judge/say-change.ts";
import type { MeasuredTimes, Measurement } from "../measurement.ts";

export interface MeasurementRow {
  readonly name: string;
  readonly figure: string;
  readonly note: string;
}

/** Time, whole time, errors, cache, database calls. */
export function measurementRows(measurement: Measurement): readonly MeasurementRow[] {
  const { app, appSource, total } = measurement;
  return [
    {
      name: "Response time",
      figure: sayTimes(app),
      note:
        appSource === "server"
          ? "the service's own time (app;dur)"
          : "from the last byte sent to the first byte back",
    },
    { name: "Whole time", figure: sayTimes(total), note: "from when it was due to the end of the answer" },
    errorRow(measurement),
    cacheRow(measurement),
    databaseRow(measurement),
  ];
}

function sayTimes(times: MeasuredTimes): string {
  const told = (["p50", "p95", "p99", "max"] as const).flatMap((name) => {
    const ms = times[name];
    return ms === null ? [] : [`${name} ${sayMs(ms)}`];
  });
  if (times.p50 === null) return `too few accepted uploads (${times.count}; 30 are needed)`;
  return told.join(", ");
}

function errorRow({ outcomes }: Measurement): MeasurementRow {
  const all = outcomes.accepted + outcomes.refused + outcomes.wrong + outcomes.failed;
  const bad = outcomes.wrong + outcomes.failed;
  const refused = outcomes.refused === 0 ? "" : `, ${outcomes.refused} refused as promised`;
  return {
    name: "Errors",
    figure: `${bad} of ${sayNumber(all, "request")}${all === 0 ? "" : ` (${sayShare(bad / all)})`}`,
    note: `${outcomes.accepted} accepted${refused}, ${outcomes.wrong} wrong, ${outcomes.failed} failed`,
  };
}

function cacheRow({ cache }: Measurement): MeasurementRow {
  const all = cache.hit + cache.miss + cache.bypass + cache.unknown;
  const told = (["hit", "miss", "bypass", "unknown"] as const)
    .filter((state) => cache[state] > 0)
    .map((state) => `${state} ${sayShare(cache[state] / all)}`);
  const isSilent = cache.unknown === all;
  return {
    name: "Cache",
    figure: isSilent ? "not seen" : told.join(", "),
    note: isSilent ? "no answer tells of a cache (Cache-Status)" : "of the accepted uploads",
  };
}

function databaseRow({ databaseCalls }: Measurement): MeasurementRow {
  if (databaseCalls === null)
    return {
      name: "Database calls",
      figure: "not seen",
      note: "no answer tells of them (Server-Timing with db)",
    };
  const { mode, modeShare, mean, max } = databaseCalls;
  return {
    name: "Database calls",
    figure: modeShare >= 0.95 ? `${mode} for one upload` : `${mean.toFixed(1)} for one upload on average`,
    note: `most often ${mode} (${sayShare(modeShare)}), at most ${max}`,
  };
}

/** The headline: the sentence to read where nothing else is read. */
export function measurementSentence(measurement: Measurement): string {
  const { flow, app, outcomes, invalid, databaseCalls } = measurement;
  const bad = outcomes.wrong + outcomes.failed;
  const all = bad + outcomes.accepted + outcomes.refused;
  if (invalid.length > 0) return `${flow}: this measurement does not count. ${invalid[0] ?? ""}`;
  const time =
    app.p50 === null
      ? "no time"
      : `p50 ${sayMs(app.p50)}${app.p95 === null ? "" : `, p95 ${sayMs(app.p95)}`}`;
  const calls =
    databaseCalls === null
      ? ""
      : `, ${databaseCalls.mode} database ${databaseCalls.mode === 1 ? "call" : "calls"}`;
  return `${flow}: ${time}, errors ${bad} of ${all.toLocaleString("en-US")}${calls}.`;
}
