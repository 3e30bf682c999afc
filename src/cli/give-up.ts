/**
 * `sluicegate give-up ID --reason TEXT`: ends a delivery that will not be made. The bytes are removed and the idempotency key is free again.
 */
import { describeWaiting, giveUpDelivery } from "../gate/redelivery/decide-delivery.ts";
import { GateError } from "../problems/gate-error.ts";
import { openDiskStorage } from "../storage/disk/open-disk-storage.ts";
import type { CommandIo } from "./io.ts";
import { openRecords, wakeGate } from "./open-deliveries.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { findDelivery } from "./retry.ts";

export interface GiveUpArguments extends SettingsArguments {
  readonly id: string;
  readonly reason: string;
}

/** Exit codes: 0 given up, 1 there is nothing to give up, 2 could not run. */
export async function giveUpCommand(args: GiveUpArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  if (args.reason.trim() === "") {
    io.err("--reason takes a few words: they are kept in the record and in the audit.");
    return 2;
  }
  const records = await openRecords(settings);
  const storage = await openDiskStorage({ root: settings.storage.path });
  try {
    const record = await findDelivery(records, args.id, io);
    if (record === null) return 1;
    const { isBeingTried, isAcknowledged, mayHaveArrived } = describeWaiting(record);
    if (isBeingTried) {
      io.err(`${record.id} is being tried at this moment: wait until that try has ended.`);
      return 1;
    }
    await giveUpDelivery({ records, storage }, record, { reason: args.reason, nowMs: Date.now() });
    io.out(`Upload ${record.id} is given up and its bytes are removed.`);
    if (isAcknowledged) io.out("Its client was told that the upload is safe: somebody should tell them.");
    if (mayHaveArrived)
      io.out(
        "The service may have it from an earlier try; a receipt that it may hold opens nothing any more.",
      );
    await wakeGate(settings);
    return 0;
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== "RECORDS_STATE_CONFLICT") throw error;
    io.err(`Upload ${args.id} was delivered or ended at this very moment; nothing was changed.`);
    return 1;
  } finally {
    await storage.close();
    await records.close();
  }
}
