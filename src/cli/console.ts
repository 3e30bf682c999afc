/**
 * `sluicegate console`: where the console of the running gate is, and a link that signs in once.
 */

import { GateError } from "../problems/gate-error.ts";
import { formatListenAddress } from "../settings/address.ts";
import { operatorAccessPath, readOperatorAccess } from "../settings/operator-access.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";

export interface ConsoleArguments extends SettingsArguments {
  readonly json?: boolean;
}

const ANSWER_MS_MAX = 5_000;

/** Exit codes: 0 told, 2 no gate runs here. */
export async function consoleCommand(args: ConsoleArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const { address, token } = readOperatorAccess(settings);
  const isEverywhere = address.host === "0.0.0.0" || address.host === "::";
  const origin = `http://${formatListenAddress(isEverywhere ? { ...address, host: "127.0.0.1" } : address)}`;
  const link = `${origin}/sign-in/${await askForCode(origin, token)}`;
  const tokenFile = shownPath(operatorAccessPath(settings));
  if (args.json === true) io.out(JSON.stringify({ url: `${origin}/`, link, tokenFile }));
  else {
    const isLoopback = /^http:\/\/(127\.|localhost|\[::1\])/.test(origin);
    for (const line of sayWhere({ origin, link, tokenFile, port: address.port, isLoopback })) io.out(line);
  }
  return 0;
}

function sayWhere(where: {
  readonly origin: string;
  readonly link: string;
  readonly tokenFile: string;
  readonly port: number;
  readonly isLoopback: boolean;
}): string[] {
  return [
    `The console: ${where.origin}/`,
    "",
    "To sign in, open this link; it is good once, for five minutes:",
    `  ${where.link}`,
    "",
    where.isLoopback
      ? "On this machine everybody may read it without signing in; changing something needs a session."
      : "Reading it and changing something both need a session there, since the address is not a loopback one.",
    `Instead of the link, the token can be given on the page: it stands in ${where.tokenFile} ("token"), and changes with each start of the gate.`,
    `From another machine: ssh -L ${where.port}:127.0.0.1:${where.port} THIS-MACHINE, then the same link there.`,
  ];
}

/** @throws OPERATOR_UNREACHABLE */
async function askForCode(origin: string, token: string): Promise<string> {
  const body = await answerOf(origin, token);
  if (typeof body === "object" && body !== null && "code" in body && typeof body.code === "string")
    return body.code;
  throw new GateError("OPERATOR_UNREACHABLE", {
    message: `What answers at ${origin} is not the gate of these settings.`,
  });
}

async function answerOf(origin: string, token: string): Promise<unknown> {
  try {
    const answer = await fetch(`${origin}/api/console/sign-in-codes`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    return await answer.json();
  } catch (cause) {
    throw new GateError("OPERATOR_UNREACHABLE", {
      message: `No gate answers at ${origin}: start it with \`sluicegate serve\`.`,
      cause,
    });
  }
}
