/**
 * Telling the service, and recording what it said before the client hears it.
 */

import type { DeliveryInput, DeliveryPart } from "../delivery/delivery-input.ts";
import { buildForwardRequest } from "../delivery/forward/forward-request.ts";
import { buildReceiptRequest } from "../delivery/receipt/receipt-request.ts";
import type { Flow } from "../flows/flow.ts";
import { cleanFileName } from "../inspection/file-name.ts";
import { GateError } from "../problems/gate-error.ts";
import type { DeliveryRecord, IdempotencyChange, StoredAnswer, UploadChange } from "../records/records.ts";
import type { ReleasedFile } from "../uploads/stages.ts";
import { endToEndRequestHeaders, stripReservedQuery } from "../upstream/headers.ts";
import type {
  AnswerOptions,
  ExchangeReport,
  GatheredBody,
  Upstream,
  UpstreamRequest,
} from "../upstream/upstream.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { GateParts } from "./gate-parts.ts";
import { ANSWER_BYTES_MAX, type IdempotentUpload } from "./idempotency/idempotency.ts";
import { asGateError, refusalRecord } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";
import { deliveryBegun, type UploadJournal } from "./upload-journal.ts";

export interface ReleasedUpload {
  readonly flow: Flow;
  readonly journal: UploadJournal;
  readonly released: readonly DeliveryPart[];
  /** The upload's idempotency key, where it has one. */
  readonly idempotent?: IdempotentUpload | null;
}

/**
 * Sends the upload to its service and the service's answer to the client.
 * @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_ANSWER_INVALID, RECORDS_UNAVAILABLE while the client has no answer yet
 */
export async function deliverUpload(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
): Promise<void> {
  const upstream = upstreamOf(gate, upload.flow);
  const startedAtMs = Date.now();
  const options: AnswerOptions = {
    beforeHead: (status, gathered) => recordAnswer(gate, request, upload, { status, gathered, startedAtMs }),
    ...(upload.idempotent?.keepsAnswer === true ? { gatherBytesMax: ANSWER_BYTES_MAX } : {}),
    headers: (answer) => answerHeaders(gate, request, answer),
  };
  try {
    const message = await writeRequest(gate, request, upload);
    const report = await request.timings.measure("app", () => upstream.send(message, request.res, options));
    finishAnswer(gate, request, upstream, report);
  } catch (error) {
    await recordFailure(gate, upload, asGateError(error), startedAtMs);
    throw error;
  }
}

/** The upstream that a flow names; loading has made sure that there is one. */
export function upstreamOf(gate: GateParts, flow: Flow): Upstream {
  const upstream = gate.upstreams.get(flow.upstream);
  if (upstream === undefined)
    throw new Error(`flow ${flow.name} names upstream ${flow.upstream}, which is not there`);
  return upstream;
}

function finishAnswer(
  gate: GateParts,
  request: RequestContext,
  upstream: Upstream,
  report: ExchangeReport,
): void {
  const { status: upstreamStatus, serverTiming, cacheStatus } = report;
  Object.assign(request.facts, { upstreamStatus, serverTiming, cacheStatus });
  request.facts.outcome = report.status < 400 ? "accepted" : report.status < 500 ? "refused" : "failed";
  gate.metrics.upstreamSeconds.observe({ upstream: upstream.name }, report.waitMs / 1000);
}

function writeRequest(
  gate: GateParts,
  request: RequestContext,
  { flow, journal, released }: ReleasedUpload,
): Promise<UpstreamRequest> {
  const { protocol, id, policyVersion, principal } = journal.upload;
  const input: DeliveryInput = {
    uploadId: id,
    flow: flow.name,
    policyVersion,
    principal,
    protocol: protocol === "raw" ? "raw" : "multipart",
    method: flow.route.method,
    route: flow.route.path,
    target: stripReservedQuery(request.target),
    audience: gate.settings.upstreams.get(flow.upstream)?.url ?? "",
    headers: endToEndRequestHeaders(request.req.rawHeaders, headerOptions(request, flow)),
    parts: released,
  };
  if (flow.deliver === "forward") return buildForwardRequest(input, { fileName });
  return buildReceiptRequest(input, { keys: gate.receiptKeys, settings: gate.settings.receipts, fileName });
}

function headerOptions(request: RequestContext, flow: Flow): Parameters<typeof endToEndRequestHeaders>[1] {
  return {
    forwardCredentials: flow.forwardCredentials,
    clientAddress: request.req.socket.remoteAddress ?? "unknown",
    clientIsTrustedProxy: request.isFromTrustedProxy,
    scheme: "http",
    requestId: request.trace.requestId,
    traceparent: request.trace.traceparent,
    dropContent: true,
  };
}

function fileName({ accepted }: ReleasedFile): string {
  return cleanFileName(accepted.file.declaredName, accepted.verifiedType ?? accepted.file.declaredType);
}

interface Answered {
  readonly status: number;
  readonly gathered: GatheredBody | null;
  readonly startedAtMs: number;
}

/** Runs before the client hears anything: what is not recorded was not acknowledged. */
async function recordAnswer(
  gate: GateParts,
  request: RequestContext,
  upload: ReleasedUpload,
  { status, gathered, startedAtMs }: Answered,
): Promise<void> {
  const { journal, flow, released } = upload;
  const isTaken = status < 400;
  const delivery: DeliveryRecord = {
    ...deliveryBegun(flow.deliver, startedAtMs),
    endedAtMs: Date.now(),
    status,
    error: null,
  };
  const staysInStore = isTaken && flow.deliver === "receipt";
  const change = {
    delivery,
    ...along(upload.idempotent?.answered(storedAnswer(status, gathered))),
    ...(staysInStore ? {} : { dropInline: inlineKeys(released) }),
  };
  if (isTaken) {
    await journal.take(["delivered"], change);
  } else {
    const error = new GateError("UPSTREAM_REFUSED", {
      expected: "a 2xx answer of the service",
      seen: `status ${status}`,
    });
    request.facts.code = error.code;
    await journal.take([["rejected", `the service answered ${status}`]], {
      ...change,
      refusal: refusalRecord(error),
    });
  }
  if (staysInStore) for (const key of inlineKeys(released)) gate.settler.add(key);
  // Nobody waits for it: the record says that the bytes are no longer needed, and a start sweeps what is left of them.
  else void removeReleased(gate, released);
}

/**
 * Nobody may know whether the service took it. Files that the service may already hold a receipt for stay; bytes that were only passed
 * on are of no more use, since the client is told.
 */
async function recordFailure(
  gate: GateParts,
  upload: ReleasedUpload,
  error: GateError,
  startedAtMs: number,
): Promise<void> {
  const { journal, flow, released } = upload;
  if (journal.state !== "released") return;
  const isKept = flow.deliver === "receipt" || error.code !== "UPSTREAM_UNREACHABLE";
  const note = `${error.code}: ${error.publicMessage}`;
  const delivery: DeliveryRecord = {
    ...deliveryBegun(flow.deliver, startedAtMs),
    endedAtMs: Date.now(),
    status: null,
    error: note,
  };
  const keepsBytes = flow.deliver === "receipt";
  const change = {
    delivery,
    refusal: refusalRecord(error),
    ...(isKept ? {} : along(upload.idempotent?.freed())),
    ...(keepsBytes ? {} : { dropInline: inlineKeys(released) }),
  };
  await journal.take([[isKept ? "undeliverable" : "rejected", note]], change).catch((cause: unknown) => {
    gate.log.error({ uploadId: journal.upload.id, err: cause }, "failed delivery not recorded");
  });
  if (!keepsBytes) await removeReleased(gate, released);
  else for (const key of inlineKeys(released)) gate.settler.add(key);
}

const along = (idempotency: IdempotencyChange | null | undefined): UploadChange =>
  idempotency === null || idempotency === undefined ? {} : { idempotency };

const storedAnswer = (status: number, gathered: GatheredBody | null): StoredAnswer => ({
  status,
  headers: gathered?.headers ?? [],
  body: gathered?.body?.toString("base64") ?? null,
});

const filesOf = (parts: readonly DeliveryPart[]): ReleasedFile[] =>
  parts.flatMap((part) => (part.kind === "file" ? [part.file] : []));

const inlineKeys = (parts: readonly DeliveryPart[]): string[] =>
  filesOf(parts).flatMap(({ accepted }) => (accepted.file.inline === null ? [] : [accepted.file.key]));

/** Removes what lies in storage of an upload whose bytes are no longer wanted: in the store with a path, else where they arrived. */
async function removeReleased(gate: GateParts, parts: readonly DeliveryPart[]): Promise<void> {
  const stored = filesOf(parts).filter(
    ({ accepted, localPath }) => accepted.file.inline === null || localPath !== null,
  );
  await Promise.allSettled(
    stored.map(({ accepted, localPath }) =>
      gate.storage.remove(localPath === null ? "quarantine" : "store", accepted.file.key),
    ),
  );
}
