/**
 * `sluicegate keys`: the keys that receipts are signed with. A rotation adds a new one; the old ones stay published for as long as a receipt of
 * theirs can live.
 */
import { openReceiptKeys } from "../delivery/receipt/receipt-keys.ts";
import { GateError } from "../problems/gate-error.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { reloadRunningGate } from "./reload.ts";

/** Exit codes: 0 done, 2 could not run. */
export async function keysCommand(action: string, args: SettingsArguments, io: CommandIo): Promise<number> {
  if (action !== "list" && action !== "rotate") {
    io.err(`Say \`keys list\` or \`keys rotate\`, not \`keys ${action}\`.`);
    return 2;
  }
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const keys = await openReceiptKeys({ folder: settings.receipts.keysFolder });
  if (action === "rotate") {
    io.out(`New key ${await keys.rotate()}: receipts are signed with it from now on.`);
    io.out(await tellGate(() => reloadRunningGate(settings)));
  }
  for (const [index, { kid }] of keys.jwks().keys.entries())
    io.out(`${kid}  ${index === 0 ? "signs" : "still verifies"}`);
  return 0;
}

async function tellGate(reload: () => Promise<string>): Promise<string> {
  try {
    await reload();
    return "The running gate has read it.";
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    if (error.code === "OPERATOR_UNREACHABLE") return "No gate is running; the next start reads it.";
    return `The running gate read the key, and says of its flows: ${error.publicMessage}`;
  }
}
