/**
 * `sluicegate drill`: makes a failure on purpose, on a gate of its own, and judges what became of uploads meanwhile.
 *
 * Exit codes: 0 every promise kept, 1 one is broken, 2 usage, 3 nothing could be told, 4 refused for safety.
 */
import { isIP } from "node:net";
import { join } from "node:path";
import { isLoopback } from "../checks/targets/host-safety.ts";
import type { DrillKind, DrillReport } from "../drills/drill.ts";
import { DRILL_KINDS } from "../drills/kinds/all-kinds.ts";
import { writeDrillReport } from "../drills/reports/drill-files.ts";
import { drillPlan, drillTerminal } from "../drills/reports/drill-terminal.ts";
import { runDrill } from "../drills/run-drill.ts";
import type { Flow } from "../flows/flow.ts";
import { readFlowFolder } from "../flows/load-flows.ts";
import { readFlow } from "../flows/read-flow.ts";
import { loadSettings, settingsForUpstream } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings.ts";
import { didYouMean } from "../setup/nearest-word.ts";
import { readVersion } from "../setup/read-version.ts";
import { refusedHost } from "./allowed-host.ts";
import { orUsage, UsageError } from "./check-options.ts";
import { trustOf } from "./check-route.ts";
import { findFlows, noSuchFlow, problemLine, shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { newRunId } from "./runs-folder.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

const UNSAFE = 4;

/** As commander gives them. */
export interface DrillArguments {
  readonly flow: string;
  readonly kinds: readonly string[];
  readonly all?: boolean;
  readonly settings?: string;
  readonly flows?: string;
  readonly target?: string;
  readonly standIn?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly allowHost?: readonly string[];
  readonly insecure?: boolean;
  readonly ca?: string;
}

export async function drillCommand(
  args: DrillArguments,
  io: CommandIo,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort(new Error("interrupted"));
  // Once: whoever interrupts a second time does not want to wait until all is put back; the next drill then does it.
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await orUsage(io, () => drill(args, io, terminal, interrupt.signal));
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

async function drill(
  args: DrillArguments,
  io: CommandIo,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const kinds = readKinds(args);
  const place = await findPlace(args, io);
  if (place === null) return 2;
  if (args.dryRun === true) {
    terminal.page(planOf(place, kinds, terminal));
    return 0;
  }
  const refused = args.standIn === true ? null : await refusedService(place.service, args, io);
  if (refused !== null) return refused;
  const reports: DrillReport[] = [];
  for (const kind of kinds) {
    if (signal.aborted) break;
    const report = await runOne(place, kind, args, terminal, signal);
    reports.push(report);
    await tell(report, place, args, terminal);
  }
  if (args.json === true) io.out(JSON.stringify(reports));
  else if (reports.length > 1) terminal.page(summary(reports));
  return exitCodeOf(reports);
}

/** @throws UsageError */
function readKinds({ kinds, all }: DrillArguments): readonly DrillKind[] {
  const names = DRILL_KINDS.map(({ kind }) => kind);
  if (all === true && kinds.length > 0) throw new UsageError("Say either which drills, or --all.");
  if (all === true) return names;
  if (kinds.length === 0)
    throw new UsageError(
      `Say what is to fail: ${names.join(", ")}; or --all. --dry-run says what would be done.`,
    );
  return kinds.map((written) => {
    const found = names.find((name) => name === written);
    if (found === undefined)
      throw new UsageError(
        `There is no drill "${written}".${didYouMean(written, names)} There are: ${names.join(", ")}.`,
      );
    return found;
  });
}

interface DrillPlace {
  readonly flow: Flow;
  readonly settings: Settings;
  /** Origin. */
  readonly service: string;
}

/** @returns `null` after saying what is wrong. @throws UsageError */
async function findPlace(args: DrillArguments, io: CommandIo): Promise<DrillPlace | null> {
  const place = await findFlows(args);
  if (!place.ok) {
    for (const problem of place.problems) io.err(problemLine(problem));
    return null;
  }
  const { names } = await readFlowFolder(place.options);
  const { folder } = place.options;
  if (!names.includes(args.flow)) {
    io.err(noSuchFlow(args.flow, names, folder));
    return null;
  }
  const reading = await readFlow(join(folder, args.flow, "flow.yaml"), place.options);
  if (!reading.ok) {
    for (const problem of reading.problems) io.err(problemLine(problem));
    return null;
  }
  const { flow } = reading;
  const settings = await settingsWithSecrets(place.settings, args);
  const service = serviceOf(args.target, settings, flow);
  return { flow, settings, service };
}

/** @throws UsageError */
async function settingsWithSecrets(settings: Settings | null, { target }: DrillArguments): Promise<Settings> {
  if (settings === null) {
    if (target === undefined)
      throw new UsageError("There are no settings that say where the service is: name it with --target URL.");
    return settingsForUpstream(readTarget(target));
  }
  // Whoever may not read the gate's secrets drills with others: then a service that checks them itself does not take the uploads.
  const load = settings.file === null ? null : await loadSettings(settings.file);
  return load?.ok === true ? load.settings : settings;
}

/** @throws UsageError */
function serviceOf(target: string | undefined, settings: Settings, { upstream, name }: Flow): string {
  const url = target === undefined ? settings.upstreams.get(upstream)?.url : readTarget(target);
  if (url === undefined)
    throw new UsageError(
      `The settings name no upstream ${upstream}, where ${name} goes: name the service with --target URL.`,
    );
  const { port, hostname } = new URL(url);
  const { host, port: ownPort, tls } = settings.listen.public;
  if (tls === null && Number(port) === ownPort && settings.file !== null && isOwn(hostname, host))
    throw new UsageError(
      `${url} is the gate itself. A drill has a gate of its own: name the service behind it, or leave out --target.`,
    );
  return url;
}

const isOwn = (one: string, other: string): boolean =>
  one === other || (isLoopback(one) && (isLoopback(other) || other === "0.0.0.0"));

/** @throws UsageError */
function readTarget(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new UsageError(
      `--target takes the service's address, such as http://127.0.0.1:8000, not "${written}".`,
    );
  return url.origin;
}

/** Uploads go to a real service: where it is not on this machine, somebody has to say so twice. */
async function refusedService(service: string, args: DrillArguments, io: CommandIo): Promise<number | null> {
  const refused = await refusedHost(service, args, io);
  if (refused !== null) return refused;
  const hostname = new URL(service).hostname.replace(/^\[|\]$/g, "");
  const isHere = hostname === "localhost" || (isIP(hostname) !== 0 && isLoopback(hostname));
  if (isHere || args.yes === true) return null;
  io.err(
    `Refused for safety: the service ${service} is not on this machine, and a drill stores real uploads in it. Say --yes to go on, or --stand-in to leave it out.`,
  );
  return UNSAFE;
}

async function runOne(
  { flow, settings, service }: DrillPlace,
  kind: DrillKind,
  args: DrillArguments,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<DrillReport> {
  const clear = terminal.hasProgress ? "\r\u001b[K" : "";
  const onStep = (sentence: string): void => {
    if (terminal.hasProgress) terminal.progress(`${clear}${kind}: ${sentence} …`);
  };
  try {
    return await runDrill({
      flow,
      kind,
      settings,
      service,
      isStandIn: args.standIn === true,
      tls: await trustOf(args),
      runId: newRunId(),
      commandLine: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
      program: `sluicegate ${readVersion()}`,
      signal,
      onStep,
    });
  } finally {
    terminal.progress(clear);
  }
}

/** An interrupted drill has nothing to tell that would be worth a file. */
async function tell(
  report: DrillReport,
  { flow }: DrillPlace,
  args: DrillArguments,
  terminal: Terminal,
): Promise<void> {
  const isWorth = report.verdict !== "inconclusive";
  const path = isWorth ? await writeDrillReport(args.out ?? flow.folder, report) : null;
  if (args.json !== true)
    terminal.page(drillTerminal(report, terminal, path === null ? null : shownPath(path)));
}

function summary(reports: readonly DrillReport[]): string {
  const lines = reports.map(({ kind, verdict, findings }) => {
    const broken = findings.filter(({ isKept }) => !isKept).length;
    return `  ${kind.padEnd(16)} ${verdict}${broken === 0 ? "" : ` (${broken} of ${findings.length})`}`;
  });
  return `All drills:\n${lines.join("\n")}\n`;
}

function exitCodeOf(reports: readonly DrillReport[]): number {
  const verdicts = reports.map(({ verdict }) => verdict);
  if (verdicts.includes("broken")) return 1;
  return verdicts.length === 0 || verdicts.includes("inconclusive") ? 3 : 0;
}

function planOf(
  { flow, settings, service }: DrillPlace,
  kinds: readonly DrillKind[],
  terminal: Terminal,
): string {
  const rows = DRILL_KINDS.filter(({ kind }) => kinds.includes(kind)).map((row) => ({
    kind: row.kind,
    uploadsMax: row.uploadsMax,
    plan: row.plan(flow, settings),
  }));
  const cleanup = flow.verify?.cleanup ?? null;
  const removal =
    cleanup === null
      ? "The flow names no verify.cleanup: what the service stores stays there, and is told."
      : "What the service stores is removed by verify.cleanup.";
  return drillPlan(
    rows,
    [
      `A drill of ${flow.name} starts a second gate on this machine, on ports of its own, with its own data, records and keys, and the flow in mode enforce as it is. The gate in production is not touched.`,
      `Its uploads are real ones, marked in their names, and go through a proxy of the drill to ${service}. ${removal}`,
      `The report is written to ${shownPath(join(flow.folder, "drills"))}.`,
    ],
    terminal,
  );
}
