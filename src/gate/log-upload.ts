/**
 * One log line an upload: who, what, which rule under which policy, and how it ended. Never a byte of it, and no name that the client chose.
 */
import type { GateParts } from "./gate-parts.ts";
import type { UploadJournal } from "./upload-journal.ts";

/** Writes the line. @param code why it was, or would have been, refused; `null` for none */
export function logUpload(gate: GateParts, journal: UploadJournal, code: string | null): void {
  const { id, requestId, flow, mode, policyVersion, principal, protocol, method, path } = journal.upload;
  const files = journal.files.map(({ field, sizeBytes, sha256, verifiedType }) => ({
    field,
    sizeBytes,
    sha256,
    type: verifiedType,
  }));
  const about = { uploadId: id, requestId, flow, mode, policyVersion, principal, protocol, method, path };
  gate.log.info({ ...about, state: journal.state, code, files }, "upload");
}
