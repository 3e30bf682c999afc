/**
 * Whether the host of a route may be checked at all, said on the way.
 */
import { checkHost } from "../checks/targets/host-safety.ts";
import type { CheckArguments } from "./check-options.ts";
import { trustOf } from "./check-route.ts";
import type { CommandIo } from "./io.ts";
import { openRunsFolder, TOKEN_FILE } from "./runs-folder.ts";

const NOTHING_TOLD = 3;
const UNSAFE = 4;

/**
 * A name that stands for no machine is no danger: there is just nobody to ask.
 * @returns `null` where it may be checked; else the exit code, after saying why
 */
export async function refusedHost(
  origin: string,
  args: CheckArguments,
  io: CommandIo,
): Promise<number | null> {
  await openRunsFolder();
  const { allowHost: allowHosts = [] } = args;
  const safety = await checkHost({ origin, allowHosts, tokenFile: TOKEN_FILE, tls: await trustOf(args) });
  if (safety.isSafe) return null;
  const { why, sentence } = safety;
  io.err(why === "unknown" ? sentence : `Refused for safety: ${sentence}`);
  return why === "unknown" ? NOTHING_TOLD : UNSAFE;
}
