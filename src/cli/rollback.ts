/**
 * `sluicegate rollback FLOW`: shows how a flow is undone and, when confirmed, does it, and records that it was tried.
 */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { addRollbackTry, type RollbackTry, readRollbackLog } from "../flows/documents/rollback-log.ts";
import { changeTriedDay } from "../flows/tried-day.ts";
import { daysBetween } from "../flows/written-day.ts";
import { readRollback, type WrittenRollback } from "../measure/changes/rollback/read-rollback.ts";
import { type RollbackRun, runRollback } from "../measure/changes/rollback/run-rollback.ts";
import { GateError } from "../problems/gate-error.ts";
import { formatDuration, readDuration } from "../setup/duration.ts";
import { type FlowPlaceArguments, findFlows, noSuchFlow, problemLine, shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { listFlowNames } from "./list-flow-names.ts";
import { findSettingsFile } from "./read-settings.ts";
import { openRollbackOutput, WholeLines } from "./rollback-output.ts";
import { sayTime } from "./say-time.ts";
import { whoRuns } from "./who-runs.ts";

export interface RollbackArguments extends FlowPlaceArguments {
  readonly flow: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  /** `2 min`. */
  readonly timeout?: string;
  readonly who?: string;
}

/** What a person types at the terminal; `null` where there is no terminal. */
export type AskTyped = ((question: string) => Promise<string>) | null;

const TIMEOUT = "2 min";

/** Exit codes: 0 it worked (or --dry-run), 1 the command failed or was ended, 2 nothing was run. */
export async function rollbackCommand(
  args: RollbackArguments,
  io: CommandIo,
  ask: AskTyped = askAtTerminal(),
  now = new Date(),
): Promise<number> {
  const deadline = readDuration(args.timeout ?? TIMEOUT);
  if (!deadline.ok) {
    io.err(`--timeout: ${deadline.complaints[0]?.message ?? "write a duration such as 2 min."}`);
    return 2;
  }
  const folder = await findFolder(args, io);
  if (folder === null) return 2;
  const file = join(folder, "flow.yaml");
  const written = await readRollback(file);
  const tries = await readRollbackLog(folder);
  const today = now.toISOString().slice(0, 10);
  for (const line of describe(args.flow, folder, written, tries, { today, deadlineMs: deadline.value }))
    io.out(line);
  if (written.command === null) return withoutCommand(args, written, io);
  if (args.dryRun === true) {
    io.out("Nothing was run (--dry-run).");
    return 0;
  }
  if (!(await isConfirmed(args, ask, io))) return 2;
  return runAndRecord(
    args,
    { folder, file, written, command: written.command, deadlineMs: deadline.value },
    io,
  );
}

/** Also where the settings or the flow do not load: they may be what is to be undone. */
async function findFolder(args: RollbackArguments, io: CommandIo): Promise<string | null> {
  const place = await findFlows(args);
  if (!place.ok) for (const problem of place.problems) io.err(problemLine(problem));
  const flows = place.ok ? place.options.folder : (args.flows ?? "flows");
  const names = await listFlowNames(flows);
  if (names.includes(args.flow)) return join(flows, args.flow);
  io.err(noSuchFlow(args.flow, names, flows));
  return null;
}

function describe(
  flow: string,
  folder: string,
  { note, command, tried, mode }: WrittenRollback,
  tries: readonly RollbackTry[],
  { today, deadlineMs }: { readonly today: string; readonly deadlineMs: number },
): string[] {
  const last = tries.at(-1);
  return [
    `The way back of ${flow}`,
    `  Note     ${note ?? "none is written"}`,
    `  Command  ${command ?? "none is written"}`,
    ...(command === null
      ? []
      : [`  Runs in  ${shownPath(folder)}, for at most ${formatDuration(deadlineMs)}`]),
    `  Tried    ${triedWords(tried, today)}`,
    ...(last === undefined
      ? []
      : [`  Last try ${sayTime(last.atMs)} UTC by ${last.who}: ${exitWords(last)}`]),
    ...modeLines(flow, mode),
  ];
}

function triedWords(tried: string | null, today: string): string {
  if (tried === null) return "never";
  const days = daysBetween(tried, today);
  if (Number.isNaN(days)) return tried;
  return `${tried}, ${days === 0 ? "today" : days === 1 ? "yesterday" : `${days} days ago`}`;
}

const exitWords = ({ exitCode }: Pick<RollbackTry, "exitCode">): string =>
  exitCode === null
    ? "it was ended before it was done"
    : exitCode === 0
      ? "it worked"
      : `it failed with exit code ${exitCode}`;

/** The way back that every flow has. */
function modeLines(flow: string, mode: WrittenRollback["mode"]): string[] {
  const observe = `sluicegate mode ${flow} observe`;
  const off = `sluicegate mode ${flow} off`;
  if (mode === "enforce")
    return [
      "",
      "Or, without that command, take the gate out of the way at once; the service sees what clients send:",
      `  ${observe}   (and still see what would have been refused)`,
      `  ${off}`,
    ];
  if (mode === "observe")
    return ["", "The flow is in mode observe: nothing is refused. To look at nothing any more:", `  ${off}`];
  return mode === "off" ? ["", "The flow is in mode off: the gate only passes requests on."] : [];
}

function withoutCommand({ flow, yes }: RollbackArguments, { note }: WrittenRollback, io: CommandIo): number {
  io.err(
    note === null
      ? `There is nothing to run. Write rollback: { note: …, command: … } into the flow's file, so that whoever is on duty at night finds it.`
      : `There is no command to run: do what the note says, and write today's day at rollback.tried of ${flow}.`,
  );
  return yes === true ? 2 : 0;
}

async function isConfirmed({ flow, yes }: RollbackArguments, ask: AskTyped, io: CommandIo): Promise<boolean> {
  if (yes === true) return true;
  if (ask === null) {
    io.err("Nothing was run. Say --yes to run the command, or --dry-run to look only.");
    return false;
  }
  const typed = (await ask(`To run it, type the flow's name (${flow}): `)).trim();
  if (typed === flow) return true;
  io.err("Nothing was run: that is not the flow's name.");
  return false;
}

function askAtTerminal(): AskTyped {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) return null;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return await terminal.question(question);
    } finally {
      terminal.close();
    }
  };
}

interface Rollback {
  readonly folder: string;
  readonly file: string;
  readonly written: WrittenRollback;
  readonly command: string;
  readonly deadlineMs: number;
}

async function runAndRecord(args: RollbackArguments, rollback: Rollback, io: CommandIo): Promise<number> {
  const { folder, command, deadlineMs, written } = rollback;
  const output = await openRollbackOutput(args.flow, command);
  const program = await ownProgram();
  const lines = { out: new WholeLines(io.out), err: new WholeLines(io.err) };
  const atMs = Date.now();
  let run: RollbackRun;
  try {
    io.out("");
    run = await untilInterrupted((signal) =>
      runRollback(command, {
        folder,
        deadlineMs,
        signal,
        environment: environmentOf(args, program),
        onOutput: (bytes, to) => {
          output.keep(bytes);
          lines[to].add(bytes);
        },
      }),
    );
  } finally {
    lines.out.end();
    lines.err.end();
    await output.close();
    await rm(program, { recursive: true, force: true });
  }
  const { exitCode, elapsedMs } = run;
  const tried: RollbackTry = {
    atMs,
    exitCode,
    elapsedMs,
    command,
    who: args.who ?? whoRuns(),
    policyVersion: written.policyVersion,
  };
  await record(args.flow, rollback, tried, io);
  io.out(`Its output is kept in ${output.file}.`);
  return exitCode === 0 ? 0 : 1;
}

async function record(
  flow: string,
  { folder, file }: Rollback,
  tried: RollbackTry,
  io: CommandIo,
): Promise<void> {
  const { exitCode, elapsedMs, atMs } = tried;
  const seconds = `${(elapsedMs / 1000).toFixed(1)} s`;
  const say = exitCode === 0 ? io.out : io.err;
  say(
    `\n${exitCode === 0 ? "The way back worked" : exitCode === null ? "The way back was ended before it was done" : `The way back failed with exit code ${exitCode}`} (${seconds}).`,
  );
  try {
    const log = await addRollbackTry(folder, flow, tried);
    if (exitCode === 0) await changeTriedDay(file, new Date(atMs).toISOString().slice(0, 10));
    io.out(
      `Recorded in ${shownPath(log)}${exitCode === 0 ? ` and as rollback.tried in ${shownPath(file)}` : ""}.`,
    );
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    io.err(`It could not be recorded: ${error.publicMessage}`);
  }
}

async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    return await run(interrupted.signal);
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

/** The command runs in the flow's folder, and still finds these settings and flows; `sluicegate` in it is this very program. */
function environmentOf(args: RollbackArguments, program: string): NodeJS.ProcessEnv {
  const settings = findSettingsFile(args.settings);
  const flows = args.flows ?? (settings === null ? "flows" : undefined);
  return {
    ...process.env,
    PATH: `${program}${delimiter}${process.env.PATH ?? ""}`,
    ...(settings === null ? {} : { SLUICEGATE_SETTINGS: resolve(settings) }),
    ...(flows === undefined ? {} : { SLUICEGATE_FLOWS: resolve(flows) }),
    SLUICEGATE_FLOW: args.flow,
  };
}

/** A folder with a `sluicegate` in it that starts this program. */
async function ownProgram(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-program-"));
  const file = join(folder, "sluicegate");
  const quoted = [process.execPath, process.argv[1] ?? ""].map(
    (word) => `'${word.replaceAll("'", "'\\''")}'`,
  );
  await writeFile(file, `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n`);
  await chmod(file, 0o755);
  return folder;
}
