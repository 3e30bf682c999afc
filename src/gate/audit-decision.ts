/**
 * What the audit keeps of an upload: one entry for each decision, in the same transaction as the move that follows from it.
 *
 * Always holds: no credentials, no file bytes, and no name that a client chose; what a file was is said by its digest.
 */
import type { AuditEntry, FileRecord, NewUpload, UploadChange, UploadMove } from "../records/records.ts";
import type { UploadState } from "../uploads/upload-state.ts";

/** The event of each state that a decision leads to; other states are steps on the way. */
const EVENTS: Partial<Record<UploadState, string>> = {
  released: "upload-accepted",
  delivered: "upload-delivered",
  rejected: "upload-refused",
  undeliverable: "upload-undelivered",
  aborted: "upload-ended",
  expired: "upload-ended",
  observed: "upload-observed",
};

/**
 * A change with the audit entry of what was decided, where these moves are a decision. That an accepted upload reached its service at the first try is
 * none: an `upload-accepted` that nothing follows says so, and whatever else becomes of it has an entry of its own.
 */
export function withDecision(
  upload: NewUpload,
  moves: readonly UploadMove[],
  change: UploadChange,
): UploadChange {
  const last = moves.at(-1);
  const event = last === undefined ? undefined : EVENTS[last.to];
  if (last === undefined || event === undefined || isFirstDelivery(last)) return change;
  const entry: AuditEntry = {
    atMs: last.atMs,
    event,
    flow: upload.flow,
    policyVersion: upload.policyVersion,
    uploadId: upload.id,
    principal: upload.principal,
    requestId: upload.requestId,
    rule: ruleOf(last.to, change),
    detail: detailOf(change),
  };
  return { ...change, audit: [...(change.audit ?? []), entry] };
}

const isFirstDelivery = ({ from, to }: UploadMove): boolean => from === "released" && to === "delivered";

/** Why: the code that decided, or the flow's policy as a whole. */
function ruleOf(state: UploadState, change: UploadChange): string | null {
  if (change.refusal !== undefined) return change.refusal.code;
  return state === "released" || state === "observed" ? "policy" : null;
}

function detailOf({ files, delivery }: UploadChange): AuditEntry["detail"] {
  return {
    ...(delivery?.status == null ? {} : { serviceStatus: delivery.status }),
    ...(delivery === undefined ? {} : { attempt: delivery.attempt }),
    ...(files === undefined ? {} : filesDetail(files)),
  };
}

/** Digests of the first few; all of them are in the upload's record. */
function filesDetail(files: readonly FileRecord[]): AuditEntry["detail"] {
  const [first] = files;
  return {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    ...(first === undefined ? {} : { sha256: first.sha256 }),
  };
}
