/**
 * What a person decides of an upload whose delivery failed: another try, or none any more. Works on the records alone, beside a gate that runs or
 * without one.
 */
import type { Flow } from "../../flows/flow.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { AuditEntry, Records, UploadRecord } from "../../records/records.ts";
import type { Storage } from "../../storage/storage.ts";
import { withDecision } from "../audit-decision.ts";
import { refusalRecord } from "../refusal.ts";
import { moves } from "../transitions.ts";
import { mayHaveArrived } from "./delivery-outcome.ts";
import { removeFiles } from "./remove-files.ts";

const REASON_CHARS_MAX = 200;

/** One that waits, for a person to read. Times in Unix milliseconds. */
export interface WaitingDelivery {
  readonly id: string;
  readonly flow: string;
  readonly principal: string;
  readonly sinceMs: number;
  readonly tries: number;
  /** `CODE: sentence`, or what the service answered. */
  readonly lastError: string;
  /** Whether the service may have it from an earlier try. */
  readonly mayHaveArrived: boolean;
  /** Whether its client was told, with a 202, that it is safe. */
  readonly isAcknowledged: boolean;
  readonly isBeingTried: boolean;
  /** `null`: it waits for a person. */
  readonly nextTryAtMs: number | null;
}

/** What is to be said of an upload in state `undeliverable`. */
export function describeWaiting(record: UploadRecord): WaitingDelivery {
  const { id, flow, principal, deliveries, moves: history, nextTryAtMs } = record;
  const last = deliveries.at(-1);
  const ended = deliveries.filter(({ endedAtMs }) => endedAtMs !== null);
  return {
    id,
    flow,
    principal,
    sinceMs: history.find(({ to }) => to === "undeliverable")?.atMs ?? record.updatedAtMs,
    tries: deliveries.length,
    lastError: ended.at(-1)?.error ?? sayStatus(ended.at(-1)?.status ?? null),
    mayHaveArrived: mayHaveArrived(ended),
    isAcknowledged: record.refusal === null,
    isBeingTried: last !== undefined && last.endedAtMs === null,
    nextTryAtMs,
  };
}

const sayStatus = (status: number | null): string =>
  status === null ? "no answer is recorded" : `the service answered ${status}`;

/** Whether another try needs somebody to say that it may double the upload. */
export function needsMayDouble(waiting: WaitingDelivery, flow: Flow | undefined): boolean {
  return waiting.mayHaveArrived && flow?.failure.upstreamUnknown !== "retry";
}

/** Makes a delivery due now. @throws RECORDS_UNAVAILABLE */
export async function retryDelivery(
  records: Pick<Records, "move">,
  record: UploadRecord,
  nowMs: number,
): Promise<void> {
  const detail = { tries: record.deliveries.length, mayHaveArrived: describeWaiting(record).mayHaveArrived };
  const audit = [auditEntry(record, { event: "delivery-retried", atMs: nowMs, detail })];
  await records.move(record.id, [], { nextTryAtMs: nowMs, audit });
}

/**
 * Ends a delivery for good: its bytes go, its idempotency key is free again.
 * @throws RECORDS_STATE_CONFLICT where it has been delivered or ended meanwhile, RECORDS_UNAVAILABLE
 */
export async function giveUpDelivery(
  { records, storage }: { readonly records: Records; readonly storage: Pick<Storage, "remove"> },
  record: UploadRecord,
  { reason, nowMs }: { readonly reason: string; readonly nowMs: number },
): Promise<void> {
  const said = quoteSeen(reason, REASON_CHARS_MAX);
  const taken = moves(nowMs, "undeliverable", ["expired", `given up: ${said}`]);
  const scope = (await records.handover(record.id))?.idempotencyScope ?? null;
  const keys = record.files.map(({ key }) => key);
  const refusal = refusalRecord(
    new GateError("DELIVERY_GIVEN_UP", { message: `The delivery was given up by an operator: ${said}.` }),
  );
  const audit = [auditEntry(record, { event: "delivery-given-up", atMs: nowMs, detail: { reason: said } })];
  const change = {
    refusal,
    audit,
    handover: null,
    nextTryAtMs: null,
    dropInline: keys,
    ...(scope === null ? {} : { idempotency: { kind: "free", scope } as const }),
  };
  await records.move(record.id, taken, withDecision(record, taken, change));
  await removeFiles(storage, keys);
}

function auditEntry(
  { id, flow, policyVersion, principal, requestId }: UploadRecord,
  own: Pick<AuditEntry, "event" | "atMs" | "detail">,
): AuditEntry {
  return { ...own, flow, policyVersion, uploadId: id, principal, requestId, rule: "operator" };
}
