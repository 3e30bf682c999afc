/**
 * Telling a running gate on this machine to read its flows again.
 */
import { GateError } from "../problems/gate-error.ts";
import { readOperatorAccess } from "../settings/operator-access.ts";
import type { Settings } from "../settings/settings.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";

const ANSWER_MS_MAX = 10_000;

/**
 * Asks for a reload and says in a sentence what came of it.
 * @throws OPERATOR_UNREACHABLE where no gate runs, FLOW_INVALID where the gate kept its old set
 */
export async function reloadRunningGate(settings: Settings): Promise<string> {
  const { address, token } = readOperatorAccess(settings);
  const { host, port } = address;
  const headers = { authorization: `Bearer ${token}` };
  let answer: Response;
  try {
    answer = await fetch(`http://${host}:${port}/api/reload`, {
      method: "POST",
      headers,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  } catch (cause) {
    throw new GateError("OPERATOR_UNREACHABLE", { message: `No gate answers on ${host}:${port}.`, cause });
  }
  const body: unknown = await answer.json();
  if (!isReloadAnswer(body))
    throw new GateError("OPERATOR_UNREACHABLE", {
      message: `What answers on ${host}:${port} is not this gate (status ${answer.status}).`,
    });
  if (!body.ok) throw new GateError("FLOW_INVALID", { message: [body.message, ...body.problems].join("\n") });
  return body.message;
}

/** Exit codes: 0 reloaded, 1 the old set stays, 2 no gate. */
export async function reloadCommand(args: SettingsArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  try {
    io.out(await reloadRunningGate(settings));
    return 0;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    io.err(error.publicMessage);
    return error.code === "FLOW_INVALID" ? 1 : 2;
  }
}

function isReloadAnswer(body: unknown): body is { ok: boolean; message: string; problems: string[] } {
  return (
    typeof body === "object" &&
    body !== null &&
    "ok" in body &&
    "message" in body &&
    "problems" in body &&
    Array.isArray(body.problems)
  );
}
