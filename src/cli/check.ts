/**
 * `sluicegate check`: the production checklist, run against a flow's route or against any URL.
 *
 * Exit codes: 0 every promise kept (warnings and waived ones allowed), 1 a promise is broken, 2 usage, 3 nothing could be told, 4 refused for safety.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CATALOGUE } from "../checks/catalogue.ts";
import type { TlsTrust } from "../checks/open-connection.ts";
import { readRunJson } from "../checks/reports/json-report.ts";
import { planReport } from "../checks/reports/plan-report.ts";
import { startProgress } from "../checks/reports/progress.ts";
import { REPORT_FORMATS, type ReportFormat, writeReports } from "../checks/reports/report-files.ts";
import { terminalReport } from "../checks/reports/terminal-report.ts";
import { compareWithBaseline } from "../checks/run/baseline.ts";
import type { CheckRun } from "../checks/run/check-run.ts";
import { storeRun } from "../checks/run/evidence-store.ts";
import { unmatched } from "../checks/run/match-ids.ts";
import { planRun } from "../checks/run/plan-run.ts";
import { capsOf } from "../checks/run/profiles.ts";
import { runChecks } from "../checks/run/run-checks.ts";
import type { CheckSubject, RunOptions } from "../checks/run/run-request.ts";
import { diagnoseControl } from "../checks/targets/diagnose-control.ts";
import { readVersion } from "../setup/read-version.ts";
import { refusedHost } from "./allowed-host.ts";
import {
  type CheckArguments,
  listOf,
  oneOf,
  orUsage,
  readLimits,
  readProfile,
  USAGE,
  UsageError,
} from "./check-options.ts";
import { plannedRun } from "./check-plan.ts";
import { findRoute, type OpenedRoute, openRoute, trustOf } from "./check-route.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { findLastRun, findRun, forgetOldRuns, keepRouteNote, newRunId, RUNS_FOLDER } from "./runs-folder.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { writeFlow } from "./write-flow.ts";

export async function checkCommand(
  args: CheckArguments,
  io: CommandIo,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  // Once: whoever interrupts a second time does not want to wait for the clean-up.
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await orUsage(io, () => check(args, io, terminal, interrupt.signal));
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

async function check(
  args: CheckArguments,
  io: CommandIo,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const runId = newRunId();
  const formats = readFormats(args.report);
  readProfile(args.profile);
  readLimits(args);
  refuseUnknown(args);
  const route = await findRoute(args, io, runId);
  if (route === null) return USAGE;
  const baseline = await readBaseline(args);
  const refused = await refusedHost(route.origin, args, io);
  if (refused !== null) return refused;
  const tls = await trustOf(args);
  const opened = await openRoute(route, args, io);
  const { subject } = opened;
  const asked: Asked = { args, runId, terminal, tls, signal };
  try {
    if (args.dryRun === true) return dryRun(opened, asked);
    const told = await runWithProgress(subject, asked);
    const run = baseline === null ? told : compareWithBaseline(told, baseline);
    return await tell(run, { args, formats, terminal, opened, io });
  } finally {
    await subject.close();
  }
}

function readFormats(written: string | undefined): readonly ReportFormat[] {
  return listOf(written).map((word) => oneOf("--report", word, REPORT_FORMATS));
}

/** A pattern that means no check is a slip, and would leave out in silence what was wanted. */
function refuseUnknown({ only, skip }: CheckArguments): void {
  const ids = CATALOGUE.map(({ id }) => id);
  const [unknown] = unmatched([...listOf(only), ...listOf(skip)], ids);
  if (unknown !== undefined)
    throw new UsageError(
      `No check is called ${unknown}. Write an id or a class: UPL-MP-07, MP-07, MP. \`sluicegate checks\` lists them.`,
    );
}

async function readBaseline(args: CheckArguments): Promise<CheckRun | null> {
  const { baseline: named } = args;
  if (named === undefined) return null;
  const file = named === "last" ? await findLastRun(args) : await findRun(named);
  if (file === null) return null;
  try {
    return readRunJson(await readFile(file, "utf8"), shownPath(file));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new UsageError(`--baseline: there is no run ${named} (${shownPath(file)}).`);
  }
}

/** What was asked for, read. */
interface Asked {
  readonly args: CheckArguments;
  readonly runId: string;
  readonly terminal: Terminal;
  readonly tls: TlsTrust;
  readonly signal: AbortSignal;
}

function dryRun({ subject, removal }: OpenedRoute, asked: Asked): number {
  const { terminal } = asked;
  const options = runOptions(subject, asked, () => {});
  terminal.page(
    planReport(plannedRun(subject, options, planRun(subject, options), removal), terminal.columns),
  );
  return 0;
}

async function runWithProgress(subject: CheckSubject, asked: Asked): Promise<CheckRun> {
  const { terminal } = asked;
  const progress = startProgress({ isTerminal: terminal.hasProgress, columns: terminal.columns });
  const onEvent: RunOptions["onEvent"] = (event) => terminal.progress(progress.take(event));
  try {
    return await runChecks(subject, runOptions(subject, asked, onEvent));
  } finally {
    terminal.progress(progress.end());
  }
}

function runOptions(
  subject: CheckSubject,
  { args, runId, tls, signal }: Asked,
  onEvent: RunOptions["onEvent"],
): RunOptions {
  const profile = readProfile(args.profile);
  const caps = capsOf(profile, subject.target.file.sizeBytesMax);
  const { requestsMax, sentBytesMax, elapsedMsMax } = readLimits(args);
  return {
    runId,
    profile,
    only: listOf(args.only),
    skip: listOf(args.skip),
    requestsMax: requestsMax ?? caps.requestsMax,
    sentBytesMax: sentBytesMax ?? caps.sentBytesMax,
    elapsedMsMax: elapsedMsMax ?? caps.elapsedMsMax,
    onEvent,
    signal,
    diagnose: diagnoseControl,
    tls,
    program: `sluicegate ${readVersion()}`,
  };
}

interface Telling {
  readonly args: CheckArguments;
  readonly formats: readonly ReportFormat[];
  readonly terminal: Terminal;
  readonly opened: OpenedRoute;
  readonly io: CommandIo;
}

/** The run is kept first: what was found must not be lost to a report that cannot be written. */
async function tell(run: CheckRun, telling: Telling): Promise<number> {
  const { args, formats, terminal, io } = telling;
  await storeRun(RUNS_FOLDER, run);
  await keepRouteNote(run.id, args);
  await forgetOldRuns();
  const into = args.out ?? join(RUNS_FOLDER, run.id);
  const wanted: readonly ReportFormat[] = formats.length === 0 ? ["html"] : formats;
  const written = await writeReports(run, wanted, into);
  const reportPath = written.map(shownPath).join(", ");
  terminal.page(terminalReport(run, { ...terminal, reportPath }));
  const { inferred } = telling.opened;
  if (inferred === null || run.exitCode > 1) return run.exitCode;
  if (args.writeFlow !== undefined) await writeFlow(inferred, args.writeFlow, io);
  else
    io.out(
      "\nNo flow describes this route yet. To have it written: the same command with --write-flow flows",
    );
  return run.exitCode;
}
