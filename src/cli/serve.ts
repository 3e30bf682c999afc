/**
 * `sluicegate serve`: settings and flows in, a running gate out, until a signal ends it.
 */

import type { FlowSet } from "../flows/flow.ts";
import { loadFlows } from "../flows/load-flows.ts";
import { GateError } from "../problems/gate-error.ts";
import { formatSetupProblem, type SetupProblem } from "../problems/setup-problem.ts";
import { type RunningGate, runGate } from "../server/run-gate.ts";
import { knownCallers } from "../settings/callers-schema.ts";
import type { Settings } from "../settings/settings.ts";
import { openLog } from "../signals/log.ts";
import type { CommandIo } from "./io.ts";
import { readSettingsToServe, type SettingsArguments } from "./read-settings.ts";

/** Exit codes: 0 stopped by a signal, 2 could not start. Resolves when the gate has stopped. */
export async function serveCommand(args: SettingsArguments, io: CommandIo): Promise<number> {
  const settings = await readSettingsToServe(args, io);
  if (settings === null) return 2;
  const flows = await readFlows(settings, io);
  if (flows === null) return 2;
  const log = openLog(settings.signals.log);
  try {
    const gate = await runGate(settings, flows, log);
    // Signals are listened to before anybody can know that there is somebody to send one to.
    const stopped = untilStopped(gate, io);
    sayStarted(settings, flows, gate, io);
    return await stopped;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    io.err(`sluicegate: ${error.publicMessage}`);
    if (error.expected !== null) io.err(`  expected: ${error.expected}`);
    return 2;
  }
}

async function readFlows(settings: Settings, io: CommandIo): Promise<FlowSet | null> {
  const load = await loadFlows({
    folder: settings.flowsFolder,
    upstreams: new Set(settings.upstreams.keys()),
    callers: knownCallers(settings),
    needsSamples: false,
  });
  printProblems(load.problems, io);
  if (load.ok) return load.set;
  io.err("sluicegate: the flows do not load, so the gate does not start.");
  return null;
}

function printProblems(problems: readonly SetupProblem[], io: CommandIo): void {
  for (const problem of problems) io.err(formatSetupProblem(problem));
}

function sayStarted(settings: Settings, { flows }: FlowSet, gate: RunningGate, io: CommandIo): void {
  const { listen, upstreams } = settings;
  io.err(
    `sluicegate listens on ${listen.public.tls === null ? "http" : "https"}://${listen.public.host}:${listen.public.port}, operator's side on http://${listen.operator.host}:${listen.operator.port}`,
  );
  for (const { name, url, passThrough } of upstreams.values()) {
    io.err(
      `  upstream ${name}: ${url}${passThrough ? ", everything that no flow names passes through" : ""}`,
    );
  }
  for (const flow of flows)
    io.err(`  flow ${flow.name}: ${flow.mode}, ${flow.route.method} ${flow.route.path}, ${flow.deliver}`);
  const { ended, uncertain, sweptObjects } = gate.recovery;
  if (ended + uncertain + sweptObjects > 0) {
    io.err(
      `  after the last stop: ${ended} uploads ended, ${uncertain} of unknown delivery kept, ${sweptObjects} leftover objects removed`,
    );
  }
}

const LAST_LINES_MS_MAX = 2000;

/**
 * SIGHUP reloads; SIGINT and SIGTERM stop, a second SIGINT at once. A SIGTERM on the way down changes nothing: whoever started us may
 * send one right after the terminal's SIGINT.
 */
function untilStopped(gate: RunningGate, io: CommandIo): Promise<number> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (isStopping && signal === "SIGINT") process.exit(1);
      if (isStopping) return;
      isStopping = true;
      io.err("sluicegate stops: nothing new is taken, what runs may finish");
      void gate.stop(gate.parts.settings.limits.stopGraceMs).then(() => {
        // Everything is stored. A line of the log that nobody reads would keep the process for ever: a write to a full pipe never comes back, and
        // no exit in order gets past it.
        setTimeout(() => process.kill(process.pid, "SIGKILL"), LAST_LINES_MS_MAX).unref();
        resolve(0);
      });
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
    process.on("SIGHUP", () => {
      void gate.reload().then(({ message, problems }) => {
        for (const problem of problems) io.err(problem);
        io.err(`sluicegate: ${message}`);
      });
    });
  });
}
