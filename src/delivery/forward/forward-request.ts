/**
 * Delivery by forwarding: an ordinary request, as the service would have got from the client, written anew from what was parsed and released.
 *
 * In: the upload's parts. Out: a request whose body is a canonical multipart body, or for a raw flow the bytes themselves.
 * Always: nothing of the client's own body framing goes on; names are clean, types verified (declared ones where the flow takes any octets).
 */
import { GateError } from "../../problems/gate-error.ts";
import type { ReleasedFile } from "../../uploads/stages.ts";
import type { UpstreamRequest } from "../../upstream/upstream.ts";
import { deliveryHeaders } from "../delivery-headers.ts";
import type { DeliveryInput, DeliveryPart } from "../delivery-input.ts";
import { type BodyPart, type FileContent, fileBytes, writeMultipart } from "../multipart-writer.ts";
import { contentDisposition } from "./content-disposition.ts";

const OCTETS = "application/octet-stream";

export interface ForwardOptions {
  /** The clean name of a file. */
  readonly fileName: (file: ReleasedFile) => string;
}

/**
 * Writes the request. No file is opened before its bytes are asked for; then STORAGE_READ_FAILED can come out of the body.
 * @throws GATE_FAILED where a raw upload has not exactly one file: a bug of the caller.
 */
export async function buildForwardRequest(
  input: DeliveryInput,
  options: ForwardOptions,
): Promise<UpstreamRequest> {
  const { method, target } = input;
  if (input.protocol === "raw") return { method, target, ...rawBody(input, options) };
  const written = writeMultipart(input.parts.map((part) => bodyPart(part, options)));
  const headers = deliveryHeaders(input, "forward", ["Content-Type", written.contentType]);
  return { method, target, headers, body: written.body, bodyBytes: written.bodyBytes };
}

/** The one file of a raw upload. @throws GATE_FAILED */
export function onlyFile(input: DeliveryInput): ReleasedFile {
  const [part, ...others] = input.parts;
  if (part?.kind === "file" && others.length === 0) return part.file;
  throw new GateError("GATE_FAILED", { cause: new Error(`a raw upload with ${input.parts.length} parts`) });
}

function rawBody(
  input: DeliveryInput,
  options: ForwardOptions,
): Pick<UpstreamRequest, "headers" | "body" | "bodyBytes"> {
  const file = onlyFile(input);
  const content = contentOf(file);
  const hasName = file.accepted.file.declaredName !== null;
  const own = [
    "Content-Type",
    mediaTypeOf(file),
    ...(hasName ? ["Content-Disposition", contentDisposition(options.fileName(file))] : []),
  ];
  return {
    headers: deliveryHeaders(input, "forward", own),
    body: fileBytes(content),
    bodyBytes: content.sizeBytes,
  };
}

function bodyPart(part: DeliveryPart, options: ForwardOptions): BodyPart {
  if (part.kind === "field") return { kind: "text", name: part.name, text: part.value };
  return {
    kind: "file",
    name: part.name,
    fileName: options.fileName(part.file),
    mediaType: mediaTypeOf(part.file),
    content: contentOf(part.file),
  };
}

function contentOf({ accepted, open }: ReleasedFile): FileContent {
  return { sizeBytes: accepted.file.sizeBytes, inline: accepted.file.inline, open };
}

function mediaTypeOf({ accepted }: ReleasedFile): string {
  const declared = accepted.file.declaredType;
  return accepted.verifiedType ?? (declared !== null && MEDIA_TYPE.test(declared) ? declared : OCTETS);
}

/** What a declared type must look like to stand in a header again. @see RFC 9110 section 8.3.1 */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]{1,127}\/[\w!#$%&'*+.^`|~-]{1,127}$/;
