/**
 * All that is decided of an upload before a byte of its body is read: where it comes from, who sends it, how much it may take, and whether it is
 * a retry. What was taken for it here is given back in one place, `end`.
 */
import type { Flow } from "../flows/flow.ts";
import type { Admission, CallerCheck, CallerRequest } from "../permissions/caller.ts";
import { judgeOrigin } from "../permissions/cross-site.ts";
import type { Reservation } from "../permissions/shares/shares.ts";
import { GateError } from "../problems/gate-error.ts";
import { newUploadId, type UploadId } from "../uploads/upload-id.ts";
import type { GateParts } from "./gate-parts.ts";
import type { IdempotentUpload } from "./idempotency/idempotency.ts";
import { type BodyPlan, planBody } from "./judge-request.ts";
import { narrowFlow } from "./narrow-flow.ts";
import type { RequestContext } from "./request-context.ts";

/** Permission for one upload. */
export interface UploadPermit {
  readonly uploadId: UploadId;
  /** The flow, as narrow as the caller's permission makes it. */
  readonly flow: Flow;
  readonly plan: BodyPlan;
  readonly admission: Admission;
  readonly reservation: Reservation;
  readonly idempotent: IdempotentUpload;
  /** Gives back what the upload did not take. Safe to call twice. */
  end(): void;
}

/**
 * Judges a request's head. The answer's CORS and RateLimit headers are set on the request, also where it throws.
 * @throws GATE_STOPPING, the codes of stage `permission`, and those of `planBody`
 */
export async function admitUpload(
  gate: GateParts,
  request: RequestContext,
  flow: Flow,
): Promise<UploadPermit> {
  if (gate.isStopping) throw new GateError("GATE_STOPPING", { retryAfterSeconds: 5 });
  request.answerHeaders.push(...judgeOrigin(flow, request.req.headers));
  const reservation = gate.shares.reserve(flow, request.clientAddress);
  try {
    return await admitReserved(gate, request, flow, reservation);
  } catch (error) {
    reservation.end();
    throw error;
  } finally {
    request.answerHeaders.push(...reservation.headers());
  }
}

async function admitReserved(
  gate: GateParts,
  request: RequestContext,
  flow: Flow,
  reservation: Reservation,
): Promise<UploadPermit> {
  const caller = callerRequest(request);
  const admission = await callerCheck(gate, flow).admit(flow, caller);
  request.facts.principal = admission.principal;
  for (const name of admission.consumedHeaders ?? []) request.consumedHeaders.add(name);
  const narrowed = narrowFlow(flow, admission.narrowing);
  const plan = planBody(request.req, narrowed);
  reservation.admit(admission.principal, caller.contentLengthBytes);
  const uploadId = newUploadId();
  const upload = { id: uploadId, principal: admission.principal };
  const idempotent = gate.idempotency.begin(
    flow,
    upload,
    headerValues(request.req.rawHeaders, "idempotency-key"),
  );
  const end = (): void => {
    idempotent.end();
    reservation.end();
  };
  return { uploadId, flow: narrowed, plan, admission, reservation, idempotent, end };
}

/** The check of a flow's kind of caller. @throws PERMISSION_UNAVAILABLE where the settings do not say how to check it */
export function callerCheck(gate: GateParts, flow: Flow): CallerCheck {
  const check = gate.callers[flow.permissions.caller];
  if (check !== null) return check;
  throw new GateError("PERMISSION_UNAVAILABLE", {
    cause: new Error(
      `flow ${flow.name} asks for caller ${flow.permissions.caller}, which the settings do not describe`,
    ),
    retryAfterSeconds: 60,
  });
}

/** What a request shows of who sends it. */
export function callerRequest(request: RequestContext): CallerRequest {
  const { req, path, target, scheme, clientAddress, trace } = request;
  const length = req.headers["content-length"];
  return {
    method: req.method ?? "",
    path,
    target,
    scheme,
    headers: req.headers,
    rawHeaders: req.rawHeaders,
    clientAddress,
    contentLengthBytes: length === undefined ? null : Number(length),
    requestId: trace.requestId,
    traceparent: trace.traceparent,
  };
}

function headerValues(rawHeaders: readonly string[], lowerName: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === lowerName);
}
