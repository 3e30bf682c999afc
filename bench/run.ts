/**
 * `npm run bench`: the rows that were asked for, one after another, each beside its peers in the same run.
 *
 * Exit codes: 0 measured (whether or not everything was reached), 2 could not run. What was started is stopped, and what was written is
 * removed, however the run ends.
 */
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { type BenchArguments, type RowName, readArguments, USAGE } from "./arguments.ts";
import { Bench } from "./bench.ts";
import type { RowResult } from "./measure/figure.ts";
import { formatRow, formatSummary } from "./measure/table.ts";
import { measureLargeWithEverythingOn, measureSmallWithEverythingOn } from "./rows/everything-on.ts";
import { measureForwardCost } from "./rows/forward-cost.ts";
import { measureLargeForm } from "./rows/large-form.ts";
import { measureLargeRaw } from "./rows/large-raw.ts";
import { measureMemory } from "./rows/memory.ts";
import { measurePassThrough } from "./rows/pass-through.ts";
import { measureSignals } from "./rows/signals-on.ts";
import { measureSmallForm } from "./rows/small-form.ts";
import { stopAll } from "./servers/server.ts";

const ROWS: Readonly<Record<RowName, readonly ((bench: Bench) => Promise<RowResult>)[]>> = {
  large: [measureLargeRaw, measureLargeForm],
  small: [measureSmallForm],
  forward: [measureForwardCost],
  "pass-through": [measurePassThrough],
  memory: [measureMemory],
  "everything-on": [
    (bench) => measureSmallWithEverythingOn(bench, 1),
    (bench) => measureSmallWithEverythingOn(bench, 16),
    measureLargeWithEverythingOn,
  ],
  signals: [(bench) => measureSignals(bench, 1), (bench) => measureSignals(bench, 16)],
};

async function measureAll({ rows, options, jsonPath }: BenchArguments, bench: Bench): Promise<void> {
  const startedAt = new Date();
  console.log(
    `${bench.cores} cores (${cpus()[0]?.model ?? "unknown"}), Linux ${release()}, Node ${process.versions.node}`,
  );
  console.log(
    "The client shares the machine. MB and GB are decimal; CPU and memory are those of the server and its children.\n",
  );
  const results: RowResult[] = [];
  for (const measure of rows.flatMap((row) => ROWS[row])) {
    const result = await measure(bench);
    results.push(result);
    console.log(`${formatRow(result)}\n`);
  }
  console.log(formatSummary(results));
  console.log(`\nTook ${Math.round((Date.now() - startedAt.getTime()) / 1000)} s.`);
  if (jsonPath !== null) {
    const about = {
      startedAt: startedAt.toISOString(),
      cores: bench.cores,
      node: process.versions.node,
      options,
    };
    writeFileSync(jsonPath, `${JSON.stringify({ ...about, results }, null, 2)}\n`);
  }
}

async function main(): Promise<number> {
  let args: BenchArguments;
  try {
    args = readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (args.wantsHelp) {
    console.log(USAGE);
    return 0;
  }
  const bench = new Bench(args.options);
  const cleanUp = (): void => {
    stopAll();
    bench.removeAll();
  };
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  process.once("exit", cleanUp);
  try {
    await measureAll(args, bench);
    return 0;
  } catch (error) {
    console.error(error);
    return 2;
  }
}

process.exitCode = await main();
// A failed row may leave servers whose pipes or sockets would keep this process alive.
process.exit();
