/**
 * Mode `enforce`: one upload from its head to the service's answer. Only what the flow allows gets through.
 *
 * In: a request that matched a flow. Out: the service's answer, or a problem. Always holds: no byte of a body is read of somebody who may not
 * send it; the service sees nothing of an upload until every byte of it is safe, judged and recorded as released; the client gets a 2xx only
 * after the service's own 2xx is recorded.
 */
import type { Flow } from "../flows/flow.ts";
import { apiKeyRevoked } from "../permissions/callers/api-key.ts";
import { GateError } from "../problems/gate-error.ts";
import type { UploadChange } from "../records/records.ts";
import { newUploadId } from "../uploads/upload-id.ts";
import type { UploadState } from "../uploads/upload-state.ts";
import { answerProblem } from "./answers.ts";
import { BodyIntake, type ReceivedPart } from "./body-intake.ts";
import { readBody } from "./body-reader.ts";
import { deliverUpload } from "./deliver-upload.ts";
import type { GateParts } from "./gate-parts.ts";
import { fingerprintOf } from "./idempotency/fingerprint.ts";
import { replayAnswer } from "./idempotency/replay-answer.ts";
import { acceptAll, inspectUpload, type UploadInspection } from "./inspect-upload.ts";
import { logUpload } from "./log-upload.ts";
import { holdNarrowing } from "./narrow-flow.ts";
import { receiveBody } from "./receive-body.ts";
import { deliveryHead } from "./redelivery/handover.ts";
import { asGateError, refusalRecord } from "./refusal.ts";
import { releaseUpload } from "./release-upload.ts";
import type { RequestContext } from "./request-context.ts";
import { fileRecord, newUpload, UploadJournal } from "./upload-journal.ts";
import { admitUpload, type UploadPermit } from "./upload-permit.ts";

/** From here on a file is in storage, not in memory: its upload gets a record while it is still arriving. */
const RECORD_FROM_BYTES = 64 * 1024;

/** From its release on, whoever ends an upload says what becomes of its bytes. */
const MAY_NEED_BYTES: ReadonlySet<UploadState> = new Set(["released", "delivered", "undeliverable"]);

/** A release that fails in one of these is in no record. */
const NOT_RELEASED: ReadonlySet<UploadState> = new Set(["receiving", "accepted"]);

/** Runs one upload; never rejects. */
export async function enforce(gate: GateParts, request: RequestContext, flow: Flow): Promise<void> {
  let permit: UploadPermit;
  try {
    permit = await request.timings.measure("permit", () => admitUpload(gate, request, flow));
  } catch (error) {
    await refuse(gate, request, flow, asGateError(error));
    return;
  }
  try {
    await takeUpload(gate, request, permit);
  } finally {
    permit.end();
  }
}

/** One upload under way. */
interface Upload {
  readonly permit: UploadPermit;
  readonly journal: UploadJournal;
  readonly intake: BodyIntake;
}

async function takeUpload(gate: GateParts, request: RequestContext, permit: UploadPermit): Promise<void> {
  const { flow, admission, uploadId } = permit;
  const origin = { id: uploadId, principal: admission.principal };
  const journal = new UploadJournal(gate.records, newUpload(request, flow, "enforce", origin));
  const intake = new BodyIntake(flow, gate.quarantine, "given");
  const upload: Upload = { permit, journal, intake };
  request.facts.uploadId = uploadId;
  let giveBack = () => {};
  try {
    giveBack = gate.slots.take();
    const parts = await receive(gate, request, upload);
    const claim = await recognise(request, upload, parts);
    if (claim !== null) await passOn(gate, request, upload, parts, claim);
  } catch (error) {
    await fail(gate, request, upload, inWordsOfClients(asGateError(error)));
  } finally {
    giveBack();
    if (!MAY_NEED_BYTES.has(journal.state)) await intake.discard();
    countEnd(gate, flow, journal, request);
  }
}

async function receive(
  gate: GateParts,
  request: RequestContext,
  { permit, journal, intake }: Upload,
): Promise<readonly ReceivedPart[]> {
  if (request.expectsContinue) request.res.writeContinue();
  const reader = readBody(permit.plan, intake);
  const onProgress = (bytesRead: number): void => {
    request.facts.bytesIn = bytesRead;
    permit.reservation.grow(bytesRead, intake.filesBegun);
    if (bytesRead > RECORD_FROM_BYTES && intake.largestFileBytes > RECORD_FROM_BYTES) journal.begin();
  };
  const { idleMs, bodyBytesPerSecondMin: bytesPerSecondMin } = gate.settings.limits;
  await request.timings.measure("recv", () =>
    receiveBody(request.req, reader, intake, {
      idleMs,
      bytesPerSecondMin,
      signal: gate.breakOff,
      onProgress,
    }),
  );
  return request.timings.measure("store", () => intake.finish());
}

/**
 * Looks whether this upload was done before.
 * @returns what claims its key, to go along with the release; `null` where the answer was given again and nothing is left to do
 */
async function recognise(
  request: RequestContext,
  { permit, journal }: Upload,
  parts: readonly ReceivedPart[],
): Promise<UploadChange | null> {
  const { admission, idempotent } = permit;
  holdNarrowing(parts, admission.narrowing);
  const { method = "" } = request.req;
  const fingerprint = idempotent.keepsAnswer ? fingerprintOf({ method, target: request.target, parts }) : "";
  const recognised = await idempotent.recognise(fingerprint);
  if (recognised.kind === "go") {
    return {
      ...(recognised.claim === null ? {} : { idempotency: recognised.claim }),
      ...(admission.grant === null ? {} : { useGrant: admission.grant }),
      ...(admission.requireApiKey === undefined ? {} : { requireApiKey: admission.requireApiKey }),
    };
  }
  await admission.confirm();
  const note = `the same as upload ${recognised.uploadId}, whose answer was given again`;
  if (journal.hasBegun) await journal.take([["aborted", note]]);
  permit.reservation.end();
  permit.tellShares();
  idempotent.end();
  replayAnswer(request, recognised.answer, recognised.uploadId);
  return null;
}

async function passOn(
  gate: GateParts,
  request: RequestContext,
  { permit, journal }: Upload,
  parts: readonly ReceivedPart[],
  claim: UploadChange,
): Promise<void> {
  const { flow, admission, reservation, idempotent } = permit;
  const inspection = await inspect(gate, request, parts, journal);
  const accepted = acceptAll(inspection);
  // Asked as late as can be: an inspection takes its time, and the permission may end meanwhile. A key is looked at by the release itself.
  if (admission.requireApiKey === undefined) await admission.confirm();
  const head = deliveryHead(request, flow);
  const sizes = parts.flatMap((part) => (part.kind === "file" ? [part.file.sizeBytes] : []));
  const usage = reservation.settle(
    sizes.reduce((sum, size) => sum + size, 0),
    sizes.length,
  );
  const along = { ...claim, ...(usage.length === 0 ? {} : { usage }) };
  const upload = { flow, journal, parts, accepted, inspection, along, head };
  const released = await releaseUpload(gate, upload).catch((error: unknown) => {
    if (NOT_RELEASED.has(journal.state)) reservation.unsettle();
    throw error;
  });
  permit.tellShares();
  await deliverUpload(gate, request, { flow, journal, released, head, idempotent });
}

/** What the records say of a lost race, as it is said to the client who lost it. */
function inWordsOfClients(error: GateError): GateError {
  if (error.code === "RECORDS_GRANT_USED") return new GateError("GRANT_USED", { cause: error });
  if (error.code === "RECORDS_API_KEY_ENDED") return apiKeyRevoked(error);
  if (error.code !== "RECORDS_KEY_TAKEN") return error;
  return new GateError("IDEMPOTENCY_KEY_RUNNING", { cause: error, retryAfterSeconds: 1 });
}

/** Inspects and, for a refusal, records the verdict before it is told. */
async function inspect(
  gate: GateParts,
  request: RequestContext,
  parts: readonly ReceivedPart[],
  journal: UploadJournal,
): Promise<UploadInspection> {
  const inspection = await request.timings.measure("inspect", () =>
    inspectUpload(parts, gate.quarantine, journal.upload.protocol),
  );
  request.seen.fileType = inspection.reports.values().next().value?.verifiedType ?? null;
  if (inspection.refusal === null) return inspection;
  const files = parts.flatMap((part) => (part.kind === "file" ? [fileRecord(part.file, inspection)] : []));
  await journal.take(["received", "inspecting", ["rejected", inspection.refusal.publicMessage]], {
    files,
    refusal: refusalRecord(inspection.refusal),
    bytesReceived: request.facts.bytesIn,
  });
  throw inspection.refusal;
}

/** Overload must not be made worse by a record of each request that was turned away: these are counted in the audit and told in the log. */
const ONLY_COUNTED: ReadonlySet<string> = new Set([
  "GATE_BUSY",
  "GATE_STOPPING",
  "CREDENTIALS_MISSING",
  "CREDENTIALS_INVALID",
  "CREDENTIALS_AMBIGUOUS",
  "CROSS_SITE_REFUSED",
  "RATE_EXCEEDED",
  "CONCURRENCY_EXCEEDED",
  "QUOTA_EXCEEDED",
  "PERMISSION_UNAVAILABLE",
  "IDEMPOTENCY_KEY_RUNNING",
]);

/** Who was recognised and may not is worth a record; whoever a service simply does not know is one of many. */
function isOnlyCounted({ facts }: RequestContext, { code }: GateError): boolean {
  return ONLY_COUNTED.has(code) || (code === "PERMISSION_DENIED" && facts.principal === null);
}

/** Turns a request away that never became an upload with an id. */
async function refuse(gate: GateParts, request: RequestContext, flow: Flow, error: GateError): Promise<void> {
  noteRefusal(gate, request, flow, error);
  if (isOnlyCounted(request, error)) gate.refusals.count(flow, error.code, request.trace.requestId);
  else await recordRefusal(gate, request, flow, error);
  answerProblem(request, error);
}

/** What was refused by its head is on record as an upload that never began. */
async function recordRefusal(
  gate: GateParts,
  request: RequestContext,
  flow: Flow,
  error: GateError,
): Promise<void> {
  const origin = { id: newUploadId(), principal: request.facts.principal ?? "unknown" };
  request.facts.uploadId = origin.id;
  const journal = new UploadJournal(gate.records, newUpload(request, flow, "enforce", origin));
  await endJournal(gate, request, journal, error);
  countEnd(gate, flow, journal, request);
}

async function fail(
  gate: GateParts,
  request: RequestContext,
  { permit, journal }: Upload,
  error: GateError,
): Promise<void> {
  noteRefusal(gate, request, permit.flow, error);
  if (isOnlyCounted(request, error) && !journal.hasBegun) {
    // Nobody could be told anything by this id.
    request.facts.uploadId = null;
    gate.refusals.count(permit.flow, error.code, request.trace.requestId);
  } else await endJournal(gate, request, journal, error);
  permit.end();
  permit.tellShares();
  answerProblem(request, error);
}

function noteRefusal(gate: GateParts, request: RequestContext, flow: Flow, error: GateError): void {
  const { facts, trace } = request;
  facts.code = error.code;
  facts.outcome = error.code === "REQUEST_ABORTED" ? "aborted" : error.status >= 500 ? "failed" : "refused";
  gate.metrics.refusals.inc({ flow: flow.name, mode: "enforce", code: error.code });
  if (error.status >= 500)
    gate.log.error(
      { requestId: trace.requestId, uploadId: facts.uploadId, code: error.code, err: error },
      "upload failed",
    );
}

async function endJournal(
  gate: GateParts,
  { facts, trace }: RequestContext,
  journal: UploadJournal,
  error: GateError,
): Promise<void> {
  await journal.end(error, { bytesReceived: facts.bytesIn }).catch((cause: unknown) => {
    gate.log.error(
      { requestId: trace.requestId, uploadId: facts.uploadId, err: cause },
      "refusal not recorded",
    );
  });
}

/** One that was given an earlier answer again, or only counted, is no upload: it has its line as a request. */
function countEnd(gate: GateParts, flow: Flow, journal: UploadJournal, request: RequestContext): void {
  if (journal.hasBegun) {
    logUpload(gate, journal, request.facts.code);
    gate.metrics.uploads.inc({ flow: flow.name, mode: "enforce", state: journal.state });
  }
  gate.metrics.bodyBytes.inc({ flow: flow.name }, request.facts.bytesIn);
  if (journal.state === "delivered")
    gate.metrics.uploadBytes.observe({ flow: flow.name }, request.facts.bytesIn);
}
