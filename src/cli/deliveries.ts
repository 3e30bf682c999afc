/**
 * `sluicegate deliveries`: the uploads that are kept because their service could not be told of them, the longest waiting first.
 */
import { describeWaiting, type WaitingDelivery } from "../gate/redelivery/decide-delivery.ts";
import { readSqliteRecords } from "../records/sqlite/read-sqlite-records.ts";
import type { CommandIo } from "./io.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";
import { sayTime } from "./say-time.ts";
import { alignColumns } from "./table.ts";

export interface DeliveriesArguments extends SettingsArguments {
  readonly flow?: string;
  readonly json?: boolean;
}

const LISTED_MAX = 10_000;

/** Exit codes: 0 listed (also when nothing waits), 2 could not read. */
export async function deliveriesCommand(args: DeliveriesArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null) return 2;
  const records = readSqliteRecords(settings.records.path);
  try {
    const filter = { state: "undeliverable", limit: LISTED_MAX } as const;
    const found = await records.list({ ...filter, ...(args.flow === undefined ? {} : { flow: args.flow }) });
    const waiting = found.map(describeWaiting).sort((a, b) => a.sinceMs - b.sinceMs);
    if (args.json === true) io.out(JSON.stringify(waiting));
    else for (const line of sayAll(waiting)) io.out(line);
    return 0;
  } finally {
    await records.close();
  }
}

function sayAll(waiting: readonly WaitingDelivery[]): string[] {
  if (waiting.length === 0) return ["No delivery waits."];
  const header = ["since (UTC)", "id", "flow", "tries", "next try", "last error"];
  const rows = waiting.map((one) => [
    sayTime(one.sinceMs),
    one.id,
    one.flow,
    String(one.tries),
    sayNext(one),
    one.lastError,
  ]);
  const doubtful = waiting.filter((one) => one.mayHaveArrived).length;
  return [
    ...alignColumns([header, ...rows]),
    "",
    "`sluicegate retry ID` tries one again now, `sluicegate give-up ID --reason TEXT` ends it and removes its bytes.",
    ...(doubtful === 0
      ? []
      : [`${count(doubtful)} may have reached the service already: ask it before you retry.`]),
  ];
}

const count = (many: number): string => (many === 1 ? "One of them" : `${many} of them`);

function sayNext({ isBeingTried, nextTryAtMs }: WaitingDelivery): string {
  if (isBeingTried) return "now";
  return nextTryAtMs === null ? "waits for a person" : sayTime(nextTryAtMs);
}
