/**
 * `sluicegate deploy`: tells the gate that runs that something was deployed, so that its history can say whether that changed anything.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { GateError } from "../problems/gate-error.ts";
import { readOperatorAccess } from "../settings/operator-access.ts";
import type { Settings } from "../settings/settings.ts";
import { groupIn } from "../setup/written-group.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { whoRuns } from "./who-runs.ts";

export interface DeployArguments extends SettingsArguments {
  readonly version?: string;
  readonly flow?: string;
  readonly note?: string;
}

const ANSWER_MS_MAX = 10_000;
const GIT_MS_MAX = 10_000;
const VERSION_CHARS_MAX = 64;

/** Exit codes: 0 the gate has it, 2 it has not. @throws GateError OPERATOR_UNREACHABLE where no gate runs */
export async function deployCommand(args: DeployArguments, io: CommandIo): Promise<number> {
  const version = (args.version ?? (await describeCommit()))?.trim();
  if (version === undefined || version === "" || version.length > VERSION_CHARS_MAX) {
    io.err(
      version === undefined
        ? "There is no commit here to name the version by (git describe --always --dirty). Say which it is: --version 1.4.2."
        : `--version takes 1 to ${VERSION_CHARS_MAX} characters, such as a commit or 1.4.2.`,
    );
    return 2;
  }
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const { flow, note } = args;
  const mark = {
    version,
    by: whoRuns(),
    ...(flow === undefined ? {} : { flow }),
    ...(note === undefined ? {} : { note }),
  };
  const { isTaken, sentence } = await sendMark(settings, mark);
  (isTaken ? io.out : io.err)(sentence);
  return isTaken ? 0 : 2;
}

/** As git names the commit that is checked out; `undefined` where there is none. */
async function describeCommit(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("git", ["describe", "--always", "--dirty"], {
      timeout: GIT_MS_MAX,
    });
    return stdout.trim() === "" ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}

async function sendMark(
  settings: Settings,
  mark: Readonly<Record<string, string>>,
): Promise<{ readonly isTaken: boolean; readonly sentence: string }> {
  const { address, token } = readOperatorAccess(settings);
  const where = `${address.host}:${address.port}`;
  let answer: Response;
  try {
    answer = await fetch(`http://${where}/api/console/deployments`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(mark),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  } catch (cause) {
    throw unreachable(`No gate answers on ${where}, so nobody keeps the mark.`, cause);
  }
  const body = groupIn(await answer.json().catch(() => null));
  if (answer.ok && typeof body.sentence === "string") return { isTaken: true, sentence: body.sentence };
  if (typeof body.detail !== "string" || body.code === "ROUTE_UNKNOWN")
    throw unreachable(`What answers on ${where} keeps no marks of deployments (status ${answer.status}).`);
  const more = ["expected", "seen"].flatMap((key) =>
    typeof body[key] === "string" ? [`  ${key}: ${body[key]}`] : [],
  );
  return { isTaken: false, sentence: [`The mark was not taken: ${body.detail}`, ...more].join("\n") };
}

function unreachable(message: string, cause?: unknown): GateError {
  return new GateError("OPERATOR_UNREACHABLE", {
    message,
    expected:
      "a gate that runs with these settings: start it with sluicegate serve, or name its settings by --settings; run the command on the gate's machine, as the gate's user",
    ...(cause === undefined ? {} : { cause }),
  });
}
