/**
 * `sluicegate measure FLOW`: response time, errors, cache and database calls of a route, under a load that it can bear.
 *
 * Exit codes: 0 measured, 2 usage, 3 nothing could be told (not accepted, ended early, a machine too busy), 4 refused for safety.
 */
import { join } from "node:path";
import type { TlsTrust } from "../checks/open-connection.ts";
import { type MeasureOptions, measureFlow, measurementAgain } from "../measure/measure-flow.ts";
import { MeasureProgress } from "../measure/measure-progress.ts";
import type { Measurement } from "../measure/measurement.ts";
import { terminalMeasurement } from "../measure/reports/terminal-measurement.ts";
import { sayMeasurePlan } from "../measure/say-measure-plan.ts";
import { GateError } from "../problems/gate-error.ts";
import { readVersion } from "../setup/read-version.ts";
import { refusedHost } from "./allowed-host.ts";
import { orUsage, USAGE, UsageError } from "./check-options.ts";
import { type CheckedRoute, findRoute, trustOf } from "./check-route.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { type MeasureArguments, type ReadMeasureOptions, readMeasureOptions } from "./measure-options.ts";
import { newRunId, openRunsFolder, STATE_FOLDER } from "./runs-folder.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

const MEASURED = 0;
const NOTHING_TOLD = 3;
const MEASUREMENTS_FOLDER = join(STATE_FOLDER, "measurements");

type FlowRoute = Extract<CheckedRoute, { kind: "flow" }>;

export async function measureCommand(
  args: MeasureArguments,
  io: CommandIo,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    terminal.progress("\nInterrupted: what was stored is removed. Once more ends it at once.\n");
    interrupt.abort();
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await orUsage(io, () => measure(args, { io, terminal, signal: interrupt.signal }));
  } catch (error) {
    return toldFailure(error, io, interrupt.signal);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

interface Around {
  readonly io: CommandIo;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function measure(args: MeasureArguments, around: Around): Promise<number> {
  const { io } = around;
  const read = readMeasureOptions(args);
  if (args.again !== undefined) return again(args.again, args, around);
  const id = newRunId();
  const { baseline: _, ...place } = args;
  const route = await findRoute(place, io, id);
  if (route === null || route.kind !== "flow") return USAGE;
  if (args.dryRun === true) {
    for (const sentence of await sayMeasurePlan({ ...route, id, ...read })) io.out(sentence);
    return MEASURED;
  }
  const refused = await refusedHost(route.origin, place, io);
  if (refused !== null) return refused;
  await openRunsFolder();
  const tls = await trustOf(place);
  const measurement = await withProgress(optionsOf(args, route, { id, read, tls, around }), around);
  tell(measurement, args, around);
  tellBaseline(measurement, args, route, around);
  return measurement.invalid.length === 0 ? MEASURED : NOTHING_TOLD;
}

const ID = /^[0-9]{8}-[0-9]{6}-[a-z0-9]{4}$/;

/** From its requests alone; sends nothing. */
async function again(id: string, args: MeasureArguments, around: Around): Promise<number> {
  if (!ID.test(id))
    throw new UsageError(`--again takes the id of a measurement, such as 20261122-190512-x7q2, not "${id}".`);
  const measurement = await measurementAgain(join(MEASUREMENTS_FOLDER, id));
  tell(measurement, args, around);
  return measurement.invalid.length === 0 ? MEASURED : NOTHING_TOLD;
}

interface Asked {
  readonly id: string;
  readonly read: ReadMeasureOptions;
  readonly tls: TlsTrust;
  readonly around: Around;
}

function optionsOf(
  args: MeasureArguments,
  route: FlowRoute,
  { id, read, tls, around }: Asked,
): MeasureOptions {
  const { flow, source, origin, settings } = route;
  return {
    id,
    flow,
    source,
    origin,
    settings,
    tls,
    ...read,
    program: `sluicegate ${readVersion()}`,
    evidenceRoot: MEASUREMENTS_FOLDER,
    isBaseline: args.baseline === true,
    signal: around.signal,
  };
}

async function withProgress(options: MeasureOptions, { terminal }: Around): Promise<Measurement> {
  const progress = new MeasureProgress({ isTerminal: terminal.hasProgress, columns: terminal.columns });
  try {
    return await measureFlow({ ...options, onEvent: (event) => terminal.progress(progress.take(event)) });
  } finally {
    terminal.progress(progress.end());
  }
}

function tell(measurement: Measurement, args: MeasureArguments, { io, terminal }: Around): void {
  const reportPath = shownPath(join(MEASUREMENTS_FOLDER, measurement.id));
  if (args.json === true) io.out(JSON.stringify(measurement, null, 2));
  else terminal.page(terminalMeasurement(measurement, { ...terminal, reportPath }));
}

function tellBaseline(
  { invalid }: Measurement,
  args: MeasureArguments,
  { flow }: FlowRoute,
  { io }: Around,
): void {
  if (args.baseline !== true) return;
  const say = args.json === true ? io.err : io.out;
  const file = shownPath(join(flow.folder, "baseline.json"));
  say(
    invalid.length === 0
      ? `Kept as the one to compare with: ${file}`
      : `Not kept as ${file}: figures that do not hold are nothing to compare with.`,
  );
}

/** What says nothing of this program is told in a sentence. */
function toldFailure(error: unknown, io: CommandIo, signal: AbortSignal): number {
  if (signal.aborted && error === signal.reason) {
    io.err("It was interrupted before the load began: there is nothing to tell.");
    return NOTHING_TOLD;
  }
  if (!(error instanceof GateError) || error.code !== "MEASURE_NOT_ACCEPTED") throw error;
  io.err(`Not measured: ${error.publicMessage}`);
  return NOTHING_TOLD;
}
