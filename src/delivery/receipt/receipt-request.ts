/**
 * Delivery by receipt: the same request as by forwarding, with a receipt in place of each file.
 *
 * In: the upload's parts. Out: a request whose body is small whatever the files were: multipart with a text part of the same field name for
 * each file, or for a raw flow the receipt alone as `application/jwt`. The order of the parts is the client's.
 */
import type { ReleasedFile } from "../../uploads/stages.ts";
import type { UpstreamRequest } from "../../upstream/upstream.ts";
import { deliveryHeaders } from "../delivery-headers.ts";
import type { DeliveryInput } from "../delivery-input.ts";
import { onlyFile } from "../forward/forward-request.ts";
import { writeMultipart } from "../multipart-writer.ts";
import { type ReceiptStatement, signReceipt } from "./receipt.ts";
import type { ReceiptKeys } from "./receipt-keys.ts";

export interface ReceiptRequestOptions {
  readonly keys: ReceiptKeys;
  readonly settings: { readonly issuer: string; readonly lifetimeMs: number };
  /** The clean name of a file. */
  readonly fileName: (file: ReleasedFile) => string;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
}

/** Writes the request and signs its receipts. @throws RECEIPT_KEY_UNAVAILABLE, GATE_FAILED */
export async function buildReceiptRequest(
  input: DeliveryInput,
  options: ReceiptRequestOptions,
): Promise<UpstreamRequest> {
  const { method, target } = input;
  if (input.protocol === "raw") {
    const receipt = Buffer.from(await receiptOf(input, onlyFile(input), options));
    const headers = deliveryHeaders(input, "receipt", ["Content-Type", "application/jwt"]);
    return { method, target, headers, body: oneChunk(receipt), bodyBytes: receipt.length };
  }
  const parts = await Promise.all(
    input.parts.map(async (part) => ({
      kind: "text" as const,
      name: part.name,
      text: part.kind === "field" ? part.value : await receiptOf(input, part.file, options),
    })),
  );
  const { contentType, body, bodyBytes } = writeMultipart(parts);
  const headers = deliveryHeaders(input, "receipt", ["Content-Type", contentType]);
  return { method, target, headers, body, bodyBytes };
}

function receiptOf(
  input: DeliveryInput,
  released: ReleasedFile,
  options: ReceiptRequestOptions,
): Promise<string> {
  const { keys, settings, fileName, clock } = options;
  const signer = { keys, ...settings, ...(clock === undefined ? {} : { clock }) };
  return signReceipt(statementOf(input, released, fileName(released)), signer);
}

function statementOf(input: DeliveryInput, released: ReleasedFile, fileName: string): ReceiptStatement {
  const { file, verifiedType } = released.accepted;
  const { uploadId, audience, flow, policyVersion, principal, method, route } = input;
  return {
    uploadId,
    audience,
    flow,
    policyVersion,
    principal,
    method,
    route,
    // Without the query, which may be long and holds what is none of a receipt's business.
    targetPath: input.target.split("?", 1)[0] ?? "",
    field: file.field,
    index: file.index,
    fileName,
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    verifiedType,
    declaredType: file.declaredType,
    key: file.key,
    localPath: released.localPath,
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
