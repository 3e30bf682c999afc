/**
 * Telling the service, and recording what it said before the client hears it.
 */

import type { DeliveryInput, DeliveryPart } from "../delivery/delivery-input.ts";
import { buildForwardRequest } from "../delivery/forward/forward-request.ts";
import { buildReceiptRequest } from "../delivery/receipt/receipt-request.ts";
import type { Flow } from "../flows/flow.ts";
import { cleanFileName } from "../inspection/file-name.ts";
import { GateError } from "../problems/gate-error.ts";
import type { DeliveryRecord, UploadChange } from "../records/records.ts";
import type { ReleasedFile } from "../uploads/stages.ts";
import type {
  AnswerOptions,
  ExchangeReport,
  GatheredBody,
  Upstream,
  UpstreamRequest,
} from "../upstream/upstream.ts";
import { noteReport, seenHeaders } from "./answer-headers.ts";
import type { GateParts } from "./gate-parts.ts";
import { ANSWER_BYTES_MAX, type IdempotentUpload } from "./idempotency/idempotency.ts";
import { storedAnswer } from "./idempotency/stored-answer.ts";
import { lateRecordsOf } from "./redelivery/behind-answers.ts";
import { errorText, meaningOf, outcomeOfError } from "./redelivery/delivery-outcome.ts";
import type { DeliveryHead } from "./redelivery/handover.ts";
import {
  along,
  inlineKeys,
  keepForRetry,
  settleFailure,
  settleReceipts,
} from "./redelivery/record-failure.ts";
import { removeReleased } from "./redelivery/remove-files.ts";
import { asGateError, refusalRecord } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";
import { deliveryBegun, type UploadJournal } from "./upload-journal.ts";

export interface ReleasedUpload {
  readonly flow: Flow;
  readonly journal: UploadJournal;
  readonly released: readonly DeliveryPart[];
  readonly head: DeliveryHead;
  /** The upload's idempotency key, where it has one. */
  readonly idempotent?: IdempotentUpload | null;
}

/**
 * Sends the upload to its service and the service's answer to the client; or, where the flow keeps for another try what could not be delivered,
 * a 202.
 * @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_ANSWER_INVALID, RECORDS_UNAVAILABLE while the client has no answer yet
 */
export async function deliverUpload(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
): Promise<void> {
  const begun = deliveryBegun(upload.flow.deliver, Date.now());
  const message = await writeRequest(gate, upload).catch((cause: unknown) => asGateError(cause));
  if (message instanceof GateError) {
    const delivery = endedWith(begun, message);
    return settleFailure(gate, request, upload, { error: message, outcome: "absent", delivery });
  }
  return send(gate, request, upload, { message, begun });
}

/** The upstream that a flow names; loading has made sure that there is one. */
export function upstreamOf(gate: GateParts, flow: Flow): Upstream {
  const upstream = gate.upstreams.get(flow.upstream);
  if (upstream === undefined)
    throw new Error(`flow ${flow.name} names upstream ${flow.upstream}, which is not there`);
  return upstream;
}

interface BegunTry {
  readonly message: UpstreamRequest;
  readonly begun: DeliveryRecord;
}

/** What the service said. */
interface Answered {
  readonly delivery: DeliveryRecord;
  readonly status: number;
  readonly gathered: GatheredBody | null;
}

async function send(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
  { message, begun }: BegunTry,
): Promise<void> {
  const upstream = upstreamOf(gate, upload.flow);
  // Set as soon as the service has said its status: what fails after it is not the service's failure.
  const heard: { answered: Answered | null } = { answered: null };
  const options: AnswerOptions = {
    beforeHead: async (status, gathered) => {
      const delivery = { ...begun, endedAtMs: Date.now(), status };
      heard.answered = { delivery, status, gathered };
      if (isKeptFor(upload.flow, status)) throw serviceFailed(status);
      await recordAnswer(gate, request, upload, heard.answered);
      // Whoever has the answer may send again at once, and gets it again.
      upload.idempotent?.end();
    },
    ...(upload.idempotent?.keepsAnswer === true ? { gatherBytesMax: ANSWER_BYTES_MAX } : {}),
    headers: (answer) => seenHeaders(gate, request, answer),
    signal: gate.breakOff,
  };
  try {
    const report = await request.timings.measure("app", () => upstream.send(message, request.res, options));
    finishAnswer(gate, request, upstream, report);
  } catch (cause) {
    await settle(gate, request, upload, { error: asGateError(cause), begun, answered: heard.answered });
  }
}

interface BrokenTry {
  readonly error: GateError;
  readonly begun: DeliveryRecord;
  readonly answered: Answered | null;
}

function settle(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
  { error, begun, answered }: BrokenTry,
): Promise<void> {
  if (answered === null) {
    const delivery = endedWith(begun, error);
    return settleFailure(gate, request, upload, { error, outcome: outcomeOfError(error), delivery });
  }
  request.facts.upstreamStatus = answered.status;
  if (!isKeptFor(upload.flow, answered.status)) throw error;
  const failed = serviceFailed(answered.status);
  // By its own word it has nothing.
  return keepForRetry(gate, request, upload, {
    error: failed,
    outcome: "absent",
    delivery: answered.delivery,
  });
}

/** Whether the flow keeps an upload for another try that the service answered so. */
const isKeptFor = (flow: Flow, status: number): boolean =>
  flow.failure.upstreamError === "retry" && meaningOf(status) === "failed";

const serviceFailed = (status: number): GateError =>
  new GateError("UPSTREAM_REFUSED", { expected: "a 2xx answer of the service", seen: `status ${status}` });

const endedWith = (begun: DeliveryRecord, error: GateError): DeliveryRecord => ({
  ...begun,
  endedAtMs: Date.now(),
  error: errorText(error),
});

function finishAnswer(
  gate: GateParts,
  request: RequestContext,
  upstream: Upstream,
  report: ExchangeReport,
): void {
  noteReport(request, report);
  request.facts.outcome = report.status < 400 ? "accepted" : report.status < 500 ? "refused" : "failed";
  gate.metrics.upstreamSeconds.observe({ upstream: upstream.name }, report.waitMs / 1000);
}

async function writeRequest(
  gate: GateParts,
  { flow, journal, released, head: { target, headers } }: ReleasedUpload,
): Promise<UpstreamRequest> {
  const { protocol, id, policyVersion, principal } = journal.upload;
  return buildRequest(gate, flow.deliver, {
    uploadId: id,
    flow: flow.name,
    policyVersion,
    principal,
    protocol: protocol === "raw" ? "raw" : "multipart",
    method: flow.route.method,
    route: flow.route.path,
    target,
    audience: gate.settings.upstreams.get(flow.upstream)?.url ?? "",
    headers,
    parts: released,
  });
}

/** Writes the request of a delivery. @throws RECEIPT_KEY_UNAVAILABLE, GATE_FAILED */
export function buildRequest(
  gate: GateParts,
  kind: Flow["deliver"],
  input: DeliveryInput,
): Promise<UpstreamRequest> {
  if (kind === "forward") return buildForwardRequest(input, { fileName });
  return buildReceiptRequest(input, { keys: gate.receiptKeys, settings: gate.settings.receipts, fileName });
}

function fileName({ accepted }: ReleasedFile): string {
  return cleanFileName(accepted.file.declaredName, accepted.verifiedType ?? accepted.file.declaredType);
}

/**
 * Runs before the client hears anything: what is not recorded was not acknowledged.
 * @throws RECORDS_UNAVAILABLE; the answer is then recorded as soon as the records take it
 */
async function recordAnswer(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
  { delivery, status, gathered }: Answered,
): Promise<void> {
  const { journal, flow, released, idempotent } = upload;
  const isTaken = status < 400;
  const staysInStore = isTaken && flow.deliver === "receipt";
  const change: UploadChange = {
    delivery,
    handover: null,
    ...along(idempotent?.answered(storedAnswer(status, gathered))),
    ...(staysInStore ? {} : { dropInline: inlineKeys(released) }),
  };
  const error = isTaken ? null : serviceFailed(status);
  if (error !== null) request.facts.code = error.code;
  const write = async (): Promise<void> => {
    if (error === null) await journal.take(["delivered"], change);
    else
      await journal.take([["rejected", `the service answered ${status}`]], {
        ...change,
        refusal: refusalRecord(error),
      });
    if (staysInStore) settleReceipts(gate, flow.deliver, released);
    else void removeReleased(gate.storage, released);
  };
  await write().catch((cause: unknown) => {
    lateRecordsOf(gate).add(journal.upload.id, write);
    throw answerUnrecorded(asGateError(cause), status);
  });
}

/** The service has spoken, and the client must not take the failure for a no. */
const answerUnrecorded = (cause: GateError, status: number): GateError =>
  new GateError(cause.code, {
    message: `The service answered ${status}, but the gate could not record it. Ask the service whether it has the upload before sending it again.`,
    details: { serviceStatus: status },
    cause,
    retryAfterSeconds: cause.retryAfterSeconds ?? 5,
  });
