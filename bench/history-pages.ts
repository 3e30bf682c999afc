/**
 * How long the console's questions take on a history of ten million requests:
 *
 *   node bench/history-pages.ts [--requests N] [--keep FILE]
 *
 * Makes the database (or, with --keep, uses the one that is there), asks each question of the reader some times over, and prints the middle and the longest time. Exit codes: 0 every question within
 * its time, 1 one was not.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { HistoryReader, TimeRange } from "../src/signals/history/history.ts";
import { openHistoryReader } from "../src/signals/history/reader/open-history-reader.ts";
import { generateHistory } from "./history/generate-history.ts";
import { median } from "./measure/statistics.ts";

const HOUR_MS = 3_600_000;
const DAYS = 90;
const FLOWS = 10;
const FLOW = "flow-03";
const TIMES = 9;
const QUESTION_MS_MAX = 100;
const PAGE_MS_MAX = 300;

const { values: options } = parseArgs({
  options: { requests: { type: "string", default: "10000000" }, keep: { type: "string" } },
});

interface Question {
  readonly name: string;
  readonly atMost: number;
  readonly ask: () => Promise<unknown>;
}

function questionsOf(reader: HistoryReader, endMs: number): Question[] {
  const last = (hours: number): TimeRange => ({ fromMs: endMs - hours * HOUR_MS, toMs: endMs });
  const ranges: readonly (readonly [string, number])[] = [
    ["1h", 1],
    ["24h", 24],
    ["7d", 168],
    ["30d", 720],
    ["90d", 2160],
  ];
  const one = (name: string, ask: () => Promise<unknown>): Question => ({
    name,
    atMost: QUESTION_MS_MAX,
    ask,
  });
  return [
    ...ranges.flatMap(([name, hours]) => [
      one(`series ${name}, a flow`, () => reader.series({ flow: FLOW, range: last(hours), pointsMax: 120 })),
      one(`series ${name}, all flows`, () => reader.series({ range: last(hours), pointsMax: 120 })),
      one(`totals ${name}`, () => reader.totals(last(hours))),
      one(`refusals ${name}`, () => reader.refusals({ flow: FLOW, range: last(hours) })),
      one(`differences ${name}`, () => reader.differences({ flow: FLOW, range: last(hours), limit: 10 })),
      one(`marks ${name}`, () => reader.marks({ flow: FLOW, range: last(hours) })),
    ]),
    one("minutes 3h", () => reader.minutes({ flow: FLOW, range: last(3) })),
    one("newest failed of a flow", () => reader.requests({ flow: FLOW, because: "failed", limit: 20 })),
    one("newest slow of all flows", () => reader.requests({ because: "slow", limit: 50 })),
    one("requests of an hour", () => reader.requests({ range: last(1), limit: 50 })),
    one("a request by its id", () => reader.request(`${FLOW}-1000000`)),
    one("newest data", () => reader.newestAtMs()),
    { name: "PAGE front", atMost: PAGE_MS_MAX, ask: () => frontPage(reader, endMs) },
    ...ranges.map(([name, hours]) => ({
      name: `PAGE flow, ${name}`,
      atMost: PAGE_MS_MAX,
      ask: () => flowPage(reader, last(hours)),
    })),
  ];
}

/** What the front page asks: an hour of each flow in steps, the totals, yesterday's hours, the marks. */
async function frontPage(reader: HistoryReader, endMs: number): Promise<void> {
  const [hour, day] = [HOUR_MS, 25 * HOUR_MS].map((ms) => ({ fromMs: endMs - ms, toMs: endMs }));
  if (hour === undefined || day === undefined) return;
  const flows = [...(await reader.totals(hour)).keys()];
  await Promise.all([
    reader.totals(day),
    reader.marks({ range: day }),
    reader.newestAtMs(),
    ...flows.flatMap((flow) => [
      reader.series({ flow, range: hour, pointsMax: 12 }),
      reader.series({ flow, range: day, pointsMax: 25 }),
    ]),
  ]);
}

async function flowPage(reader: HistoryReader, range: TimeRange): Promise<void> {
  await Promise.all([
    reader.series({ flow: FLOW, range, pointsMax: 120 }),
    reader.totals({ fromMs: range.toMs - HOUR_MS, toMs: range.toMs }),
    reader.refusals({ flow: FLOW, range }),
    reader.differences({ flow: FLOW, range, limit: 10 }),
    reader.marks({ flow: FLOW, range }),
    reader.requests({ flow: FLOW, because: "failed", limit: 20 }),
    reader.requests({ flow: FLOW, because: "slow", limit: 20 }),
    reader.minutes({ flow: FLOW, range: { fromMs: range.toMs - 3 * HOUR_MS, toMs: range.toMs } }),
  ]);
}

/** The first time counts, too: it is what a person waits for. */
async function timesOf({ ask }: Question): Promise<number[]> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const begun = performance.now();
    await ask();
    times.push(performance.now() - begun);
  }
  return times;
}

async function measure(path: string, endMs: number): Promise<boolean> {
  const reader = openHistoryReader(path);
  const begun = performance.now();
  await reader.newestAtMs();
  console.log(`the reader's thread has started after ${(performance.now() - begun).toFixed(0)} ms\n`);
  let isFine = true;
  for (const question of questionsOf(reader, endMs)) {
    const times = await timesOf(question);
    const [middle, longest] = [median(times), Math.max(...times)];
    const isWithin = middle <= question.atMost;
    isFine &&= isWithin;
    const figures = `${middle.toFixed(1).padStart(8)} ms ${longest.toFixed(1).padStart(8)} ms`;
    console.log(
      `${question.name.padEnd(28)}${figures}  ${isWithin ? "" : `more than ${question.atMost} ms`}`,
    );
  }
  await reader.close();
  return isFine;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluicegate-history-"));
  const path = options.keep ?? join(folder, "records.sqlite");
  try {
    const endMs = Date.UTC(2026, 10, 22, 12, 34, 0);
    if (!existsSync(path)) {
      const begun = performance.now();
      const size = { requests: Number(options.requests), days: DAYS, flows: FLOWS };
      const made = await generateHistory(path, size, endMs);
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.log(`${made.requests} requests of ${DAYS} days and ${FLOWS} flows, made in ${seconds} s`);
    }
    console.log(`${(statSync(path).size / 1e6).toFixed(1)} MB on disk`);
    process.exitCode = (await measure(path, endMs)) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
