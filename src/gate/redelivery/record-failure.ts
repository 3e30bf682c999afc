/**
 * What is recorded and told when the first try to deliver did not end with an answer that counts. The flow's `failure` decides.
 *
 * Always holds: what a client is told was kept is recorded as kept before it hears of it; what nobody knows is kept until somebody decides.
 */
import type { DeliveryPart } from "../../delivery/delivery-input.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { DeliveryRecord, IdempotencyChange, UploadChange } from "../../records/records.ts";
import type { ReleasedUpload } from "../deliver-upload.ts";
import type { GateParts } from "../gate-parts.ts";
import { asGateError, refusalRecord } from "../refusal.ts";
import type { RequestContext } from "../request-context.ts";
import { nextTryAt } from "./back-off.ts";
import { deliveryKept, lateRecordsOf } from "./behind-answers.ts";
import {
  codeToTell,
  type DeliveryOutcome,
  errorText,
  type FailureStep,
  stepAfter,
} from "./delivery-outcome.ts";
import { answerKept, keptAnswer } from "./kept-answer.ts";
import { removeReleased } from "./remove-files.ts";

/** How the first try ended. */
export interface FailedTry {
  readonly error: GateError;
  readonly outcome: DeliveryOutcome;
  readonly delivery: DeliveryRecord;
}

/**
 * Records a failed first try by the flow's policy and, where the upload is kept for another try, answers the client.
 * @throws the error to tell the client, where it is not answered yet
 */
export async function settleFailure(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
  tried: FailedTry,
): Promise<void> {
  const step = stepAfter(upload.flow.failure, tried.outcome);
  if (step === "retry") return keepForRetry(gate, request, upload, tried);
  const told = step === "keep" ? undecided(tried.error) : tried.error;
  await recordEnd(gate, upload, step, { ...tried, error: told });
  throw told;
}

/**
 * Keeps an upload for another try, and says so to the client with a 202.
 * @throws RECORDS_UNAVAILABLE: then nothing is promised, and nothing is sent again without somebody asking for it
 */
export async function keepForRetry(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
  tried: FailedTry,
): Promise<void> {
  const { journal, flow, released, idempotent } = upload;
  const { error, delivery } = tried;
  const nowMs = Date.now();
  const change: UploadChange = {
    delivery,
    nextTryAtMs: nextTryAt({ failed: 1, sinceMs: nowMs, retryForMs: flow.failure.retryForMs }, nowMs),
    ...along(idempotent?.answered(keptAnswer(journal.upload.id))),
  };
  try {
    await journal.take([["undeliverable", errorText(error)]], change);
  } catch (cause) {
    const told = unrecorded(asGateError(cause), error);
    await recordEnd(gate, upload, tried.outcome === "absent" ? "refuse" : "keep", { ...tried, error: told });
    throw told;
  }
  settleReceipts(gate, flow.deliver, released);
  const about = { uploadId: journal.upload.id, flow: flow.name, code: error.code };
  gate.log.warn(about, "delivery kept, to be tried again");
  Object.assign(request.facts, { outcome: "accepted", code: error.code });
  deliveryKept(gate);
  answerKept(request, journal.upload.id);
}

/** Files that a receipt names stay in the store; those that are only passed on stay where they are. */
export function settleReceipts(gate: GateParts, kind: string, released: readonly DeliveryPart[]): void {
  if (kind === "receipt") for (const key of inlineKeys(released)) gate.settler.add(key);
}

/** Keys whose bytes are in the records. */
export const inlineKeys = (parts: readonly DeliveryPart[]): string[] =>
  parts.flatMap((part) =>
    part.kind === "file" && part.file.accepted.file.inline !== null ? [part.file.accepted.file.key] : [],
  );

/** A change with what becomes of the idempotency key, where there is one. */
export const along = (idempotency: IdempotencyChange | null | undefined): UploadChange =>
  idempotency === null || idempotency === undefined ? {} : { idempotency };

async function recordEnd(
  gate: GateParts,
  { journal, flow, released, idempotent }: ReleasedUpload,
  step: Exclude<FailureStep, "retry">,
  { delivery, error }: FailedTry,
): Promise<void> {
  const isKept = step === "keep";
  const change: UploadChange = {
    delivery,
    refusal: refusalRecord(error),
    ...(isKept ? {} : { ...along(idempotent?.freed()), handover: null, dropInline: inlineKeys(released) }),
  };
  const note = `${error.code}: ${error.publicMessage}`;
  const write = async (): Promise<void> => {
    await journal.take([[isKept ? "undeliverable" : "rejected", note]], change);
    if (isKept) {
      settleReceipts(gate, flow.deliver, released);
      deliveryKept(gate);
    } else void removeReleased(gate.storage, released);
  };
  await write().catch((cause: unknown) => {
    gate.log.error({ uploadId: journal.upload.id, err: cause }, "failed delivery not recorded yet");
    lateRecordsOf(gate).add(journal.upload.id, write);
  });
}

/** The same failure, told with what it means for the client. */
function undecided(error: GateError): GateError {
  const code = codeToTell(error);
  const what =
    code === error.code ? error.publicMessage : "The service closed the connection without an answer.";
  return new GateError(code, {
    message: `${what} It may have the upload all the same, which is kept here until somebody decides.`,
    expected: "an answer of the service",
    details: { ...error.details, isKept: true },
    cause: error,
    ...(error.retryAfterSeconds === null ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
}

function unrecorded(cause: GateError, error: GateError): GateError {
  return new GateError(cause.code, {
    message: `The service could not be told of the upload (${codeToTell(error)}), and that could not be recorded.`,
    cause,
    retryAfterSeconds: cause.retryAfterSeconds ?? 5,
  });
}
