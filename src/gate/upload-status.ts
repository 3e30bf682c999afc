/**
 * `GET /.sluicegate/uploads/{id}`: what became of an upload, for whoever sent it.
 *
 * In: the id and the credentials that an upload by the same flow would have. Out: JSON.
 * Always: an unknown id, a forgotten one, one of somebody else, and a request without good credentials get one and the same 404; credentials
 * whose checking fails on our side get its 503. Uploads that were only observed are the operator's business and have no state here.
 * Never in it: storage keys, paths, the service's address, what went wrong between gate and service.
 *
 * With `caller: public` everybody is the same principal, so the id is the permission: 128 random bits that only the sender was told.
 */
import type { Flow } from "../flows/flow.ts";
import { cleanFileName } from "../inspection/file-name.ts";
import { answerPreflight, type Headers, isPreflight, judgeOrigin } from "../permissions/cross-site.ts";
import { GateError } from "../problems/gate-error.ts";
import type { DeliveryRecord, FileRecord, UploadRecord } from "../records/records.ts";
import type { Finding } from "../uploads/finding.ts";
import { parseUploadId } from "../uploads/upload-id.ts";
import { answerOwn } from "./answers.ts";
import type { GateParts } from "./gate-parts.ts";
import { asGateError } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";
import { callerCheck, callerRequest } from "./upload-permit.ts";

/**
 * Answers a request for the state of an upload, or a browser's question whether it may ask.
 * @param name what follows `/.sluicegate/uploads/`
 * @throws RECORDS_UPLOAD_UNKNOWN; RECORDS_UNAVAILABLE, PERMISSION_UNAVAILABLE
 */
export async function answerUploadStatus(
  gate: GateParts,
  request: RequestContext,
  name: string,
): Promise<void> {
  const { method, headers } = request.req;
  const { upload, flow } = await findUpload(gate, name);
  if (isPreflight(method, headers)) return answerOptions(request, flow);
  const cors = await judgeReader(gate, request, upload, flow);
  request.answerHeaders.push(...cors, ["cache-control", "no-store"]);
  request.facts.uploadId = upload.id;
  request.facts.principal = upload.principal;
  answerOwn(request, 200, "application/json", `${JSON.stringify(statusOf(upload))}\n`);
}

async function findUpload(
  gate: GateParts,
  name: string,
): Promise<{ readonly upload: UploadRecord; readonly flow: Flow }> {
  const id = parseUploadId(name);
  const upload = id === null ? null : await gate.records.get(id);
  const flow = gate.flows.flows.find((each) => each.name === upload?.flow);
  if (upload === null || flow === undefined || upload.mode === "observe") throw unknownUpload();
  return { upload, flow };
}

/** @returns CORS headers for the answer */
async function judgeReader(
  gate: GateParts,
  request: RequestContext,
  upload: UploadRecord,
  flow: Flow,
): Promise<Headers> {
  try {
    const cors = judgeOrigin(flow, request.req.headers);
    const principal = await callerCheck(gate, flow).identify(flow, callerRequest(request));
    if (principal === upload.principal) return cors;
  } catch (error) {
    if (asGateError(error).status >= 500) throw error;
  }
  throw unknownUpload();
}

/** A page of a listed origin that sends credentials in a header asks first. */
function answerOptions(request: RequestContext, flow: Flow): void {
  const { req, res, trace, answerHeaders } = request;
  try {
    for (const [name, value] of answerPreflight(flow, req.headers))
      answerHeaders.push([name, name === "access-control-allow-methods" ? "GET, HEAD" : value]);
  } catch {
    throw unknownUpload();
  }
  res.writeHead(204, { "x-request-id": trace.requestId, ...Object.fromEntries(answerHeaders) });
  res.end();
}

const unknownUpload = (): GateError => new GateError("RECORDS_UPLOAD_UNKNOWN");

/** What the client sees. Times as RFC 3339 in UTC, sizes in bytes. */
function statusOf(upload: UploadRecord): Readonly<Record<string, unknown>> {
  const { id, flow, state, bytesReceived, refusal } = upload;
  return {
    id,
    flow,
    state,
    startedAt: time(upload.startedAtMs),
    updatedAt: time(upload.updatedAtMs),
    bytesReceived,
    files: upload.files.map(fileStatus),
    refusal:
      refusal === null
        ? null
        : {
            code: refusal.code,
            message: refusal.message,
            expected: refusal.expected,
            seen: refusal.seen,
            findings: refusal.findings.map(findingStatus),
          },
    deliveries: upload.deliveries.map(deliveryStatus),
    nextTryAt: upload.nextTryAtMs === null ? null : time(upload.nextTryAtMs),
  };
}

function fileStatus(file: FileRecord): Readonly<Record<string, unknown>> {
  const { index, field, sizeBytes, sha256, verifiedType, declaredName, declaredType } = file;
  return {
    index,
    field,
    name: cleanFileName(declaredName, verifiedType ?? declaredType),
    sizeBytes,
    sha256,
    verifiedType,
    findings: file.findings.map(findingStatus),
  };
}

function findingStatus({ code, severity, byteOffset, expected, seen }: Finding): Finding {
  return { code, severity, byteOffset, expected, seen };
}

function deliveryStatus({ attempt, startedAtMs, endedAtMs, status }: DeliveryRecord) {
  return {
    attempt,
    startedAt: time(startedAtMs),
    endedAt: endedAtMs === null ? null : time(endedAtMs),
    status,
  };
}

const time = (ms: number): string => new Date(ms).toISOString();
