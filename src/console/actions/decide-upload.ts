/**
 * What a person decides of an upload that waits: another try, or none any more. The same as `sluicegate retry` and `sluicegate give-up`.
 */

import type { GateParts } from "../../gate/gate-parts.ts";
import { lookAtDeliveries } from "../../gate/redelivery/behind-answers.ts";
import {
  describeWaiting,
  giveUpDelivery,
  needsMayDouble,
  retryDelivery,
} from "../../gate/redelivery/decide-delivery.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { UploadRecord } from "../../records/records.ts";
import { parseUploadId } from "../../uploads/upload-id.ts";
import { optionalText } from "../http/read-body.ts";

const REASON_CHARS_MAX = 200;
const REASON_UNWRITTEN = "decided in the console";

/**
 * Decides by what a body asks for. Both ways are in the audit with the decision itself.
 * @returns what was done, in a sentence
 * @throws CONSOLE_UNKNOWN, CONSOLE_REQUEST_INVALID, CONSOLE_DECISION_CONFLICT, RECORDS_UNAVAILABLE
 */
export async function decideUpload(
  gate: GateParts,
  written: { readonly id: string; readonly body: Readonly<Record<string, unknown>> },
  nowMs: number,
): Promise<string> {
  const { action, mayDouble } = written.body;
  const reason = optionalText(written.body, "reason", REASON_CHARS_MAX) ?? REASON_UNWRITTEN;
  if (action !== "retry" && action !== "give-up")
    throw new GateError("CONSOLE_REQUEST_INVALID", {
      message: "It is not said what to do with the upload.",
      expected: 'action: "retry" or "give-up"',
    });
  const record = await waitingRecord(gate, written.id);
  try {
    return action === "retry"
      ? await retry(gate, record, mayDouble === true, nowMs)
      : await giveUp(gate, record, reason, nowMs);
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== "RECORDS_STATE_CONFLICT") throw error;
    throw conflict("The upload was delivered or ended at this very moment; nothing was changed.");
  }
}

async function waitingRecord({ records }: GateParts, written: string): Promise<UploadRecord> {
  const id = parseUploadId(written);
  const record = id === null ? null : await records.get(id);
  if (record === null)
    throw new GateError("CONSOLE_UNKNOWN", {
      message: "No such upload is recorded here.",
      seen: quoteSeen(written),
    });
  if (record.state !== "undeliverable")
    throw conflict(`The upload is ${record.state}: only what could not be delivered waits for a decision.`);
  if (describeWaiting(record).isBeingTried)
    throw conflict("The upload is being tried at this moment: wait until that try has ended.");
  return record;
}

const conflict = (message: string): GateError => new GateError("CONSOLE_DECISION_CONFLICT", { message });

async function retry(
  gate: GateParts,
  record: UploadRecord,
  mayDouble: boolean,
  nowMs: number,
): Promise<string> {
  const flow = gate.flows.flows.find(({ name }) => name === record.flow);
  if (flow === undefined)
    throw conflict(`The flow ${record.flow} is not in force, so the upload cannot be tried again.`);
  const waiting = describeWaiting(record);
  if (!mayDouble && needsMayDouble(waiting, flow))
    throw new GateError("CONSOLE_DECISION_CONFLICT", {
      message: `The service may have the upload already (${waiting.lastError.replace(/\.$/, "")}). Ask it for upload ${record.id} before you have it sent again.`,
      expected: "mayDouble: true, said by somebody who has asked the service",
      details: { mayHaveArrived: true },
    });
  await retryDelivery(gate.records, record, nowMs);
  lookAtDeliveries(gate);
  return `The upload is tried again now. Try number ${record.deliveries.length + 1}.`;
}

async function giveUp(gate: GateParts, record: UploadRecord, reason: string, nowMs: number): Promise<string> {
  const { isAcknowledged, mayHaveArrived } = describeWaiting(record);
  await giveUpDelivery(gate, record, { reason, nowMs });
  lookAtDeliveries(gate);
  const client = isAcknowledged
    ? " Its client was told that the upload is safe: somebody should tell them."
    : "";
  const service = mayHaveArrived ? " The service may have it from an earlier try." : "";
  return `The upload is given up, and its bytes are removed.${client}${service}`;
}
