/**
 * Four charts of a flow on one time axis, each with the sentence for those who cannot see it.
 */
import type { HistoryPoint } from "../../signals/history/history.ts";
import type { Chart } from "../console-api.ts";
import type { ExpectedFigures } from "../expected-figures.ts";
import { sayDuration, sayShare } from "../say-figures.ts";
import { hitShare } from "./flow-row.ts";

type Values = readonly (number | null)[];

export function makeCharts(points: readonly HistoryPoint[], expected: ExpectedFigures): readonly Chart[] {
  return [
    timeChart(points, expected.p95Ms),
    failureChart(points, expected.failureShare),
    cacheChart(points),
    databaseChart(points, expected.databaseCalls),
  ];
}

function timeChart(points: readonly HistoryPoint[], limit: number | null): Chart {
  const p95 = points.map(({ appMs }) => appMs?.p95 ?? null);
  const p50 = points.map(({ appMs }) => appMs?.p50 ?? null);
  const total = points.map(({ totalMs }) => totalMs?.p95 ?? null);
  return {
    name: "time",
    title: "Time of accepted uploads",
    unit: "ms",
    limit,
    lines: [
      { label: "95 of 100, the service's part", values: p95 },
      { label: "half, the service's part", values: p50 },
      { label: "95 of 100, all of it", values: total },
    ],
    sentence: sayLine(p95, {
      what: "95 of 100 uploads took the service up to",
      say: sayDuration,
      limit,
      none: "No accepted upload in this time.",
    }),
  };
}

function failureChart(points: readonly HistoryPoint[], limit: number | null): Chart {
  const failed = points.map(({ outcomes: { accepted = 0, failed = 0, wrong = 0 } }) => {
    const due = accepted + failed + wrong;
    return due === 0 ? null : (failed + wrong) / due;
  });
  const refused = points.map(({ requests, outcomes }) =>
    requests === 0 ? null : (outcomes.refused ?? 0) / requests,
  );
  return {
    name: "failures",
    title: "Failed and refused",
    unit: "share",
    limit,
    lines: [
      { label: "failed", values: failed },
      { label: "refused as promised", values: refused },
    ],
    sentence: sayLine(failed, {
      what: "Of the uploads that should have passed there failed",
      say: sayShare,
      limit,
      none: "No upload that should have passed in this time.",
    }),
  };
}

function cacheChart(points: readonly HistoryPoint[]): Chart {
  const hits = points.map(hitShare);
  return {
    name: "cache",
    title: "Answers from a cache",
    unit: "share",
    limit: null,
    lines: [{ label: "from a cache", values: hits }],
    sentence: sayLine(hits, {
      what: "From a cache came",
      say: sayShare,
      limit: null,
      none: "The service says nothing of a cache (Cache-Status).",
    }),
  };
}

function databaseChart(points: readonly HistoryPoint[], limit: number | null): Chart {
  const calls = points.map(({ databaseCalls }) => databaseCalls?.mean ?? null);
  return {
    name: "database",
    title: "Database calls of an upload",
    unit: "calls",
    limit,
    lines: [
      { label: "mean", values: calls },
      { label: "most", values: points.map(({ databaseCalls }) => databaseCalls?.max ?? null) },
    ],
    sentence: sayLine(calls, {
      what: "Calls to the database, on average:",
      say: (value) => String(Number(value.toFixed(1))),
      limit,
      none: "The service says nothing of its database (Server-Timing: db).",
    }),
  };
}

interface LineWords {
  readonly what: string;
  readonly say: (value: number) => string;
  readonly limit: number | null;
  readonly none: string;
}

/** `95 of 100 uploads took the service up to 40 ms at the least and 900 ms at the most, lastly 820 ms; promised are 600 ms.` */
function sayLine(values: Values, { what, say, limit, none }: LineWords): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return none;
  const [least, most] = [say(Math.min(...known)), say(Math.max(...known))];
  const range = least === most ? least : `between ${least} and ${most}, lastly ${say(last)}`;
  return `${what} ${range}${limit === null ? "" : `; promised are at most ${say(limit)}`}.`;
}
