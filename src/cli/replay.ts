/**
 * `sluicegate replay RUN/CHECK/NUMBER`: sends the very bytes of a case again, and says whether the answer is as it was.
 */
import { join } from "node:path";
import { replayCase } from "../checks/run/replay.ts";
import { refusedHost } from "./allowed-host.ts";
import { type CheckArguments, orUsage, USAGE, UsageError } from "./check-options.ts";
import { findRoute, openRoute, trustOf } from "./check-route.ts";
import type { CommandIo } from "./io.ts";
import { findRun, RUNS_FOLDER, readRouteNote } from "./runs-folder.ts";

export interface ReplayArguments
  extends Pick<
    CheckArguments,
    "settings" | "flows" | "target" | "allowHost" | "ca" | "insecure" | "header" | "sample"
  > {
  /** `RUN/UPL-MP-07/3`; `last` for the newest run. */
  readonly evidence: string;
}

/** Exit codes: 0 the answer is as it was, 1 it is another one, 2 usage, 4 refused for safety. */
export async function replayCommand(args: ReplayArguments, io: CommandIo): Promise<number> {
  return orUsage(io, () => replay(args, io));
}

async function replay(args: ReplayArguments, io: CommandIo): Promise<number> {
  const { runId, reference } = await readReference(args.evidence);
  const { evidence, ...options } = args;
  const asThen = { ...(await readRouteNote(runId)), ...options };
  const route = await findRoute(asThen, io, runId);
  if (route === null) return USAGE;
  const refused = await refusedHost(route.origin, args, io);
  if (refused !== null) return refused;
  const { subject } = await openRoute(route, asThen, io);
  try {
    const told = await replayCase(reference, subject, { folder: RUNS_FOLDER, tls: await trustOf(args) });
    io.out(`${told.check}, ${told.now.name}: ${told.sentence}`);
    io.out(`Then (${told.recordedAt}): ${told.before.observed ?? "nothing was observed"}`);
    io.out(`Now: ${told.now.observed ?? "nothing was observed"}`);
    for (const left of told.leftovers) io.err(`Left on the target: ${left}`);
    return told.isSameAnswer ? 0 : 1;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  } finally {
    await subject.close();
  }
}

async function readReference(written: string): Promise<{ runId: string; reference: string }> {
  const [run = "", check = "", number = ""] = written.split("/");
  if (!/^\d+$/.test(number))
    throw new UsageError(`A case is named RUN/CHECK/NUMBER, such as last/UPL-MP-07/3, not "${written}".`);
  const file = await findRun(run);
  if (file === null) throw new UsageError(`There is no run in ${RUNS_FOLDER} yet.`);
  const runId = join(file, "..").split("/").at(-1) ?? run;
  const id = check.toUpperCase();
  return { runId, reference: `${runId}/${id.startsWith("UPL-") ? id : `UPL-${id}`}/${number}` };
}
