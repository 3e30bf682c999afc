/**
 * `/.sluicegate/files/…`: a released file, for the service that holds its receipt or for whoever holds a link that the service signed.
 *
 * - `files/{storage key}` with `Authorization: Bearer <receipt>`;
 * - `files/{upload id}?token=…`. The token alone says which file and under what name; no other parameter is looked at.
 *
 * Always: without a good receipt or link the answer is the same whether there is such a file or not. Only files that passed inspection and were
 * released are given, and only where the gate keeps them: an upload that was forwarded left no copy here.
 */
import { verifyReceipt } from "../../delivery/receipt/receipt.ts";
import { cleanFileName } from "../../inspection/file-name.ts";
import { verifyDownloadLink } from "../../permissions/download-link.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { FileRecord, UploadRecord } from "../../records/records.ts";
import { isStorageKey } from "../../storage/storage.ts";
import { type ByteSource, memorySource } from "../../uploads/byte-source.ts";
import { parseUploadId, type UploadId } from "../../uploads/upload-id.ts";
import type { UploadState } from "../../uploads/upload-state.ts";
import type { GateParts } from "../gate-parts.ts";
import type { RequestContext } from "../request-context.ts";
import { noteDownload } from "./download-audit.ts";
import { serveFile } from "./serve-file.ts";

/** States in which a service may hold a receipt. */
const RELEASED: ReadonlySet<UploadState> = new Set(["released", "delivered", "undeliverable"]);

/**
 * Answers a request for a file.
 * @param name what follows `/.sluicegate/files/`
 * @throws ROUTE_UNKNOWN, RECEIPT_INVALID, LINK_INVALID, STORAGE_OBJECT_MISSING, and the codes of `serveFile`
 */
export async function answerFile(gate: GateParts, request: RequestContext, name: string): Promise<void> {
  const uploadId = parseUploadId(name);
  if (uploadId !== null) return answerLink(gate, request, uploadId);
  if (isStorageKey(name)) return answerReceipt(gate, request, name);
  throw new GateError("ROUTE_UNKNOWN");
}

/** The receipt is the permission, and for this one file only. */
async function answerReceipt(gate: GateParts, request: RequestContext, key: string): Promise<void> {
  const token = /^Bearer ([A-Za-z0-9._-]+)$/i.exec(request.req.headers.authorization ?? "")?.[1];
  if (token === undefined)
    throw new GateError("RECEIPT_INVALID", { expected: "Authorization: Bearer <receipt>" });
  const claims = await verifyReceipt(token, {
    keys: gate.receiptKeys,
    issuer: gate.settings.receipts.issuer,
  });
  if (claims.key !== key)
    throw new GateError("RECEIPT_INVALID", {
      expected: "the receipt of this file",
      seen: "the receipt of another one",
    });
  const found = await gate.records.findFile(key);
  if (found === null || !RELEASED.has(found.state)) throw new GateError("STORAGE_OBJECT_MISSING");
  const { file, uploadId } = found;
  request.facts.uploadId = uploadId;
  const { flow, policy: policyVersion } = claims;
  noteDownload(gate, request, { rule: "receipt", token, flow, policyVersion, uploadId, ...whichFile(file) });
  await sendFile(gate, request, file, null);
}

async function answerLink(gate: GateParts, request: RequestContext, uploadId: UploadId): Promise<void> {
  const { callers, receipts } = gate.settings;
  if (callers.grant === null) throw new GateError("ROUTE_UNKNOWN");
  const rules = { settings: callers.grant, audience: receipts.issuer, nowMs: Date.now() };
  const token = tokenOf(request);
  const link = await verifyDownloadLink(token, rules);
  if (link.uploadId !== uploadId)
    throw new GateError("LINK_INVALID", { message: "The link is not valid. It is for another upload." });
  request.facts.uploadId = uploadId;
  const upload = await gate.records.get(uploadId);
  const file = upload === null ? undefined : releasedFile(upload, link.fileIndex);
  if (upload === null || file === undefined) throw new GateError("STORAGE_OBJECT_MISSING");
  const { flow, policyVersion } = upload;
  noteDownload(gate, request, {
    rule: "download-link",
    token,
    flow,
    policyVersion,
    uploadId,
    ...whichFile(file),
  });
  await sendFile(gate, request, file, link.name);
}

const whichFile = ({ index, sha256 }: FileRecord) => ({ fileIndex: index, sha256 });

/** Two tokens are two readings of one URL, so neither counts. */
function tokenOf({ target }: RequestContext): string {
  const at = target.indexOf("?");
  const tokens = new URLSearchParams(at < 0 ? "" : target.slice(at + 1)).getAll("token");
  const [token] = tokens;
  if (token === undefined || tokens.length > 1)
    throw new GateError("LINK_INVALID", {
      message: "The link is not valid. It must have one token.",
      expected: "one parameter token",
      seen: tokens.length === 0 ? "none" : `${tokens.length}`,
    });
  return token;
}

/** @throws STORAGE_OBJECT_MISSING where the gate passed the bytes on and kept none */
function releasedFile(upload: UploadRecord, index: number): FileRecord | undefined {
  if (!RELEASED.has(upload.state)) return undefined;
  if (upload.deliveries.some(({ kind }) => kind === "forward"))
    throw new GateError("STORAGE_OBJECT_MISSING", {
      message: "The upload was passed on to the service as it was, and the gate kept no copy of its files.",
      expected: "an upload of a flow with deliver: receipt",
    });
  return upload.files.find((file) => file.index === index);
}

/** @param offeredName the link's; cleaned like the client's own, and with the extension of the verified type. */
async function sendFile(
  gate: GateParts,
  request: RequestContext,
  file: FileRecord,
  offeredName: string | null,
): Promise<void> {
  const source = await openReleased(gate, file.key);
  try {
    await serveFile(request, {
      source,
      sha256: file.sha256,
      type: file.verifiedType,
      fileName: cleanFileName(offeredName ?? file.declaredName, file.verifiedType ?? file.declaredType),
    });
  } finally {
    await source.close();
  }
}

async function openReleased(gate: GateParts, key: string): Promise<ByteSource> {
  const inline = await gate.records.readInline(key);
  return inline === null ? gate.storage.open("store", key) : memorySource(inline);
}
