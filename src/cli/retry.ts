/**
 * `sluicegate retry ID` or `--all`: makes kept deliveries due now. One that may have reached its service is sent again only when somebody says so.
 */

import type { Flow } from "../flows/flow.ts";
import { loadFlows } from "../flows/load-flows.ts";
import { describeWaiting, needsMayDouble, retryDelivery } from "../gate/redelivery/decide-delivery.ts";
import type { Records, UploadRecord } from "../records/records.ts";
import type { Settings } from "../settings/settings.ts";
import { parseUploadId } from "../uploads/upload-id.ts";
import type { CommandIo } from "./io.ts";
import { openRecords, wakeGate } from "./open-deliveries.ts";
import { readSettings, type SettingsArguments } from "./read-settings.ts";

export interface RetryArguments extends SettingsArguments {
  readonly id?: string;
  readonly all?: boolean;
  readonly flow?: string;
  readonly mayDouble?: boolean;
}

const LISTED_MAX = 10_000;

/** Exit codes: 0 all that was asked for is due now, 1 something is not, 2 could not run. */
export async function retryCommand(args: RetryArguments, io: CommandIo): Promise<number> {
  const settings = await readSettings(args, io);
  if (settings === null || !isUsable(args, io)) return 2;
  const records = await openRecords(settings);
  try {
    const found = await findDeliveries(records, args, io);
    if (found === null) return 1;
    const { due, left } = await makeDue(records, found, { args, flows: await flowsInForce(settings) });
    for (const line of left) io.err(line);
    if (due > 0) io.out(await sayDue(settings, due));
    else if (left.length === 0) io.out("No delivery waits.");
    return left.length === 0 ? 0 : 1;
  } finally {
    await records.close();
  }
}

function isUsable({ id, all, flow }: RetryArguments, io: CommandIo): boolean {
  if ((id === undefined) === (all !== true)) {
    io.err("Say which delivery to retry: its id, as `sluicegate deliveries` prints it, or --all.");
    return false;
  }
  if (flow === undefined || all === true) return true;
  io.err("--flow goes together with --all.");
  return false;
}

/** The uploads that were asked for; `null` after saying why there are none. */
async function findDeliveries(
  records: Records,
  { id, flow }: RetryArguments,
  io: CommandIo,
): Promise<readonly UploadRecord[] | null> {
  if (id === undefined)
    return records.list({
      state: "undeliverable",
      limit: LISTED_MAX,
      ...(flow === undefined ? {} : { flow }),
    });
  const found = await findDelivery(records, id, io);
  return found === null ? null : [found];
}

/** One upload whose delivery waits; `null` after saying why it does not. */
export async function findDelivery(
  records: Records,
  text: string,
  io: CommandIo,
): Promise<UploadRecord | null> {
  const id = parseUploadId(text);
  const upload = id === null ? null : await records.get(id);
  if (upload?.state === "undeliverable") return upload;
  if (id === null)
    io.err(
      `${JSON.stringify(text)} is no upload id: expected 26 letters and digits, as \`sluicegate deliveries\` prints them`,
    );
  else if (upload === null) io.err(`No upload ${id} is recorded here.`);
  else io.err(`Upload ${id} is ${upload.state}: only what is undeliverable waits for a decision.`);
  return null;
}

/** The flows say whether the same upload may be sent twice; those that do not load say nothing. */
async function flowsInForce(settings: Settings): Promise<readonly Flow[]> {
  const upstreams = new Set(settings.upstreams.keys());
  const load = await loadFlows({ folder: settings.flowsFolder, upstreams, needsSamples: false });
  return load.ok ? load.set.flows : [];
}

interface Making {
  readonly args: RetryArguments;
  readonly flows: readonly Flow[];
}

async function makeDue(
  records: Records,
  found: readonly UploadRecord[],
  { args, flows }: Making,
): Promise<{ readonly due: number; readonly left: readonly string[] }> {
  const left: string[] = [];
  let due = 0;
  for (const record of found) {
    const waiting = describeWaiting(record);
    const flow = flows.find(({ name }) => name === record.flow);
    if (waiting.isBeingTried) left.push(`${record.id} is being tried at this moment.`);
    else if (args.mayDouble !== true && needsMayDouble(waiting, flow))
      left.push(sayDoubt(waiting.id, waiting.lastError));
    else {
      await retryDelivery(records, record, Date.now());
      due += 1;
    }
  }
  return { due, left };
}

const sayDoubt = (id: string, lastError: string): string =>
  `${id} may have reached the service already (${lastError}). Ask the service whether it has upload ${id}; to send it again all the same, add --may-double.`;

async function sayDue(settings: Settings, due: number): Promise<string> {
  const what = due === 1 ? "One delivery is due now" : `${due} deliveries are due now`;
  return (await wakeGate(settings))
    ? `${what}, and the gate is trying. \`sluicegate deliveries\` shows what still waits.`
    : `${what}. No gate is running: the next start tries.`;
}
