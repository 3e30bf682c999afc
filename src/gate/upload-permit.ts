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
import { headerValues } from "../upstream/raw-headers.ts";
import type { GateParts } from "./gate-parts.ts";
import type { IdempotentUpload } from "./idempotency/idempotency.ts";
import { type BodyPlan, planBody } from "./judge-request.ts";
import { narrowFlow } from "./narrow-flow.ts";
import { asGateError } from "./refusal.ts";
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
  /** Sets what is left of the shares by now on the request, for its answer. */
  tellShares(): void;
  /** Gives back what the upload did not take. Safe to call twice. */
  end(): void;
}

/**
 * Judges a request's head. The answer's CORS headers are set on the request; its RateLimit headers where it throws, and else by `tellShares`.
 * @throws the codes of stage `permission`, and those of `planBody`
 */
export async function admitUpload(
  gate: GateParts,
  request: RequestContext,
  flow: Flow,
): Promise<UploadPermit> {
  request.answerHeaders.push(...judgeOrigin(flow, request.req.headers));
  const reservation = gate.shares.reserve(flow, request.clientAddress);
  try {
    reservation.begin();
    return await admitReserved(gate, request, flow, reservation);
  } catch (error) {
    reservation.end();
    tellShares(request, reservation);
    throw error;
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
  const plan = planOrRefusal(request, narrowed);
  // A request that is refused for its form needs no bytes, and counts as a request all the same.
  const bytes = plan instanceof GateError ? 0 : caller.contentLengthBytes;
  const overQuota = refusalByQuota(() => reservation.admit(admission.principal, bytes));
  if (plan instanceof GateError) throw plan;
  const uploadId = newUploadId();
  const upload = { id: uploadId, principal: admission.principal };
  const { headers, rawHeaders } = request.req;
  const keys = headers["idempotency-key"] === undefined ? [] : headerValues(rawHeaders, "idempotency-key");
  const idempotent = gate.idempotency.begin(flow, upload, keys);
  const end = (): void => {
    idempotent.end();
    reservation.end();
  };
  try {
    if (overQuota !== null) await admitRetry(reservation, idempotent, overQuota);
  } catch (error) {
    end();
    throw error;
  }
  const tell = (): void => tellShares(request, reservation);
  return { uploadId, flow: narrowed, plan, admission, reservation, idempotent, tellShares: tell, end };
}

function planOrRefusal({ req }: RequestContext, flow: Flow): BodyPlan | GateError {
  try {
    return planBody(req, flow);
  } catch (error) {
    return asGateError(error);
  }
}

/** What a quota says against an upload; it may be a retry of the very one that used it up. */
function refusalByQuota(admit: () => void): GateError | null {
  try {
    admit();
    return null;
  } catch (error) {
    if (error instanceof GateError && error.code === "QUOTA_EXCEEDED") return error;
    throw error;
  }
}

/** A retry gets its answer again, for which nothing is taken. @throws `overQuota` where it is none */
async function admitRetry(
  reservation: Reservation,
  idempotent: IdempotentUpload,
  overQuota: GateError,
): Promise<void> {
  if (!(await idempotent.isKnown())) throw overQuota;
  reservation.admitAgain();
}

/** The latest word counts: what was told before is taken back. */
function tellShares({ answerHeaders }: RequestContext, reservation: Reservation): void {
  const told = reservation.headers();
  if (answerHeaders.length === 0) {
    answerHeaders.push(...told);
    return;
  }
  const others = answerHeaders.filter(([name]) => !told.some(([each]) => each === name));
  answerHeaders.splice(0, answerHeaders.length, ...others, ...told);
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

/** What a request shows of who sends it. Who is recognised is noted for its line in the log. */
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
    recognised: (principal) => {
      request.facts.principal = principal;
    },
  };
}
