/**
 * One more try to deliver one upload, from its first entry in the records to its last.
 *
 * Always holds: the try is on record before a byte of it is sent, and not due any more from then on; so one that a killed gate began is found as
 * of unknown outcome by the next start, and is not simply sent again. What somebody has decided meanwhile (given up) stands.
 */
import { retriesDeliveries } from "../../flows/failure-schema.ts";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { DeliveryRecord, Handover, UploadChange, UploadRecord } from "../../records/records.ts";
import type { Upstream, UpstreamAnswer } from "../../upstream/upstream.ts";
import { withDecision } from "../audit-decision.ts";
import type { GateParts } from "../gate-parts.ts";
import { ANSWER_BYTES_MAX } from "../idempotency/idempotency.ts";
import { storedAnswer } from "../idempotency/stored-answer.ts";
import { asGateError, refusalRecord } from "../refusal.ts";
import { moves } from "../transitions.ts";
import { nextTryAt } from "./back-off.ts";
import { lateRecordsOf, wakeRedelivery } from "./behind-answers.ts";
import { errorText, meaningOf, outcomeOfError } from "./delivery-outcome.ts";
import { deliveryKind, rebuildRequest } from "./rebuild-request.ts";
import { removeFiles } from "./remove-files.ts";

/** A try that can be made: everything that it needs is there. */
interface Try {
  readonly record: UploadRecord;
  readonly flow: Flow;
  readonly handover: Handover;
  readonly begun: DeliveryRecord;
}

/** Whether the service answered; `null` where it was not asked. */
export type Reached = boolean | null;

/** What came of a try, in the words of the metric. */
export type TryResult = "delivered" | "refused" | "failed" | "waits" | "skipped";

export interface TriedDelivery {
  readonly reached: Reached;
  readonly result: TryResult;
}

const NOT_TRIED: TriedDelivery = { reached: null, result: "skipped" };

/**
 * Tries once.
 * @param signal ends the exchange with the service
 * @throws RECORDS_UNAVAILABLE where the try could not be put on record: then nothing was sent
 */
export async function tryDelivery(
  gate: GateParts,
  record: UploadRecord,
  signal: AbortSignal,
): Promise<TriedDelivery> {
  const flow = gate.flows.flows.find(({ name }) => name === record.flow);
  const upstream = flow === undefined ? undefined : gate.upstreams.get(flow.upstream);
  const handover = await gate.records.handover(record.id);
  const begun = beginTry(record, flow);
  if (flow === undefined || upstream === undefined)
    return waitForPerson(
      gate,
      record,
      begun,
      `FLOW_UNKNOWN: the flow ${record.flow} is not in force any more`,
    );
  if (handover === null)
    return waitForPerson(
      gate,
      record,
      begun,
      "STORAGE_OBJECT_MISSING: nothing is kept that another request could be made from",
    );
  await gate.records.move(record.id, [], { delivery: begun, nextTryAtMs: null });
  const present = await gate.records.get(record.id);
  if (present?.state !== "undeliverable") return NOT_TRIED;
  return send(gate, upstream, { record: present, flow, handover, begun }, signal);
}

function beginTry(record: UploadRecord, flow: Flow | undefined): DeliveryRecord {
  const attempt = Math.max(0, ...record.deliveries.map((one) => one.attempt)) + 1;
  const kind = record.deliveries[0]?.kind ?? flow?.deliver ?? "forward";
  return { attempt, kind, startedAtMs: Date.now(), endedAtMs: null, status: null, error: null };
}

async function waitForPerson(
  gate: GateParts,
  { id, flow }: UploadRecord,
  begun: DeliveryRecord,
  why: string,
): Promise<TriedDelivery> {
  const delivery = { ...begun, endedAtMs: begun.startedAtMs, error: why };
  await gate.records.move(id, [], { delivery, nextTryAtMs: null });
  gate.log.error({ uploadId: id, flow }, `delivery waits for a person: ${why}`);
  return { reached: null, result: "waits" };
}

async function send(
  gate: GateParts,
  upstream: Upstream,
  one: Try,
  signal: AbortSignal,
): Promise<TriedDelivery> {
  const { record, flow, handover, begun } = one;
  const message = await rebuildRequest(gate, { record, handover, flow, attempt: begun.attempt }).catch(
    (cause: unknown) => asGateError(cause),
  );
  if (message instanceof GateError) return settleUnsent(gate, one, message);
  const bodyBytesMax = handover.idempotencyScope === null ? 0 : ANSWER_BYTES_MAX;
  const answer = await upstream
    .request(message, { bodyBytesMax, signal })
    .catch((cause: unknown) => asGateError(cause));
  if (answer instanceof GateError) return settleUnanswered(gate, one, answer);
  return settleAnswered(gate, one, answer);
}

/** The service has said something. */
async function settleAnswered(gate: GateParts, one: Try, answer: UpstreamAnswer): Promise<TriedDelivery> {
  const { record, flow, begun } = one;
  const delivery = { ...begun, endedAtMs: Date.now(), status: answer.status };
  const error = `the service answered ${answer.status}`;
  if (wantsClient(answer.status)) {
    const why = `${error}: it wants credentials of the client, which are never kept`;
    await settle(gate, one, { delivery: { ...delivery, error: why }, nextTryAtMs: null });
    return { reached: true, result: "waits" };
  }
  if (isNotNow(answer.status)) {
    const nextTryAtMs = nextOf(one, retryAfterOf(answer));
    await settle(gate, one, { delivery: { ...delivery, error }, nextTryAtMs });
    // Overloaded is as good as down: what waits would only make it worse.
    return { reached: answer.status !== 503, result: nextTryAtMs === null ? "waits" : "failed" };
  }
  const isTaken = meaningOf(answer.status) === "taken";
  const staysInStore = isTaken && deliveryKind(record, flow) === "receipt";
  const keys = record.files.map(({ key }) => key);
  const refusal = refusalRecord(
    new GateError("UPSTREAM_REFUSED", {
      expected: "a 2xx answer of the service",
      seen: `status ${answer.status}`,
    }),
  );
  const step = isTaken ? ("delivered" as const) : (["rejected", error] as const);
  await settle(
    gate,
    one,
    {
      delivery,
      handover: null,
      nextTryAtMs: null,
      ...answerFor(one, answer),
      ...(isTaken ? {} : { refusal }),
      ...(staysInStore ? {} : { dropInline: keys }),
    },
    step,
  );
  if (!staysInStore) void removeFiles(gate.storage, keys);
  return { reached: true, result: isTaken ? "delivered" : "refused" };
}

/** The service's own answer takes the place of the 202 under the upload's idempotency key. */
function answerFor({ handover, flow }: Try, upstreamAnswer: UpstreamAnswer): UploadChange {
  const scope = handover.idempotencyScope;
  if (scope === null) return {};
  const answer = storedAnswer(upstreamAnswer.status, upstreamAnswer);
  return { idempotency: { kind: "answer", scope, answer, expiresAtMs: Date.now() + flow.retry.keepMs } };
}

/** Something of our own side is missing; the service was not asked. */
async function settleUnsent(gate: GateParts, one: Try, error: GateError): Promise<TriedDelivery> {
  const isGone = error.code === "STORAGE_OBJECT_MISSING";
  const nextTryAtMs = isGone ? null : nextOf(one);
  await settle(gate, one, { delivery: endedWith(one.begun, error), nextTryAtMs });
  return { reached: null, result: nextTryAtMs === null ? "waits" : "failed" };
}

async function settleUnanswered(gate: GateParts, one: Try, error: GateError): Promise<TriedDelivery> {
  const isUnknown = outcomeOfError(error) === "unknown";
  const nextTryAtMs = isUnknown && one.flow.failure.upstreamUnknown === "keep" ? null : nextOf(one);
  await settle(gate, one, { delivery: endedWith(one.begun, error), nextTryAtMs });
  return { reached: false, result: nextTryAtMs === null ? "waits" : "failed" };
}

function nextOf({ record, flow, begun }: Try, retryAfterMs = 0): number | null {
  if (!retriesDeliveries(flow.failure)) return null;
  const sinceMs = record.moves.find(({ to }) => to === "undeliverable")?.atMs ?? record.updatedAtMs;
  const { retryForMs } = flow.failure;
  return nextTryAt({ failed: begun.attempt, sinceMs, retryForMs, retryAfterMs }, Date.now());
}

/**
 * Records what came of a try. An end that the records do not take now is recorded later; one that somebody else has decided meanwhile stands,
 * and the try is written down beside it.
 */
async function settle(
  gate: GateParts,
  { record }: Try,
  change: UploadChange,
  step?: "delivered" | readonly ["rejected", string],
): Promise<void> {
  const write = async (): Promise<void> => {
    const taken = step === undefined ? [] : moves(Date.now(), "undeliverable", step);
    try {
      await gate.records.move(record.id, taken, withDecision(record, taken, change));
    } catch (error) {
      if (!(error instanceof GateError) || error.code !== "RECORDS_STATE_CONFLICT") throw error;
      gate.log.error({ uploadId: record.id }, "a delivery was decided by somebody while it was being tried");
      if (change.delivery !== undefined)
        await gate.records.move(record.id, [], { delivery: change.delivery });
    }
  };
  await write().catch(() =>
    lateRecordsOf(gate).add(record.id, async () => {
      await write();
      wakeRedelivery(gate);
    }),
  );
}

const endedWith = (begun: DeliveryRecord, error: GateError): DeliveryRecord => ({
  ...begun,
  endedAtMs: Date.now(),
  error: errorText(error),
});

/** Statuses that ask for somebody who is not there any more. */
const wantsClient = (status: number): boolean => status === 401 || status === 403 || status === 407;

/** Statuses that say nothing against the upload: RFC 9110 sections 15.5.9 and 15.6, RFC 6585 section 4, RFC 8470 section 5.2. */
const isNotNow = (status: number): boolean =>
  meaningOf(status) === "failed" || status === 408 || status === 425 || status === 429;

/** `Retry-After` in seconds; a date is not looked at. */
function retryAfterOf({ headers }: UpstreamAnswer): number {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "retry-after");
  const seconds = at < 0 ? 0 : Number(headers[at + 1]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}
