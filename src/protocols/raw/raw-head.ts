/**
 * What the headers of a raw upload (`PUT` or `POST` with the file as the whole body) say of the file.
 *
 * In: two request headers, as Node gives them (one character for each byte). Out: declared media type and name.
 * Holds: the same strict rules as for a form part. What is declared is compared later and believed nowhere.
 */
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import { readContentDisposition } from "../content-disposition.ts";
import type { Refuse } from "../header-text.ts";
import { parseMediaType } from "../media-type.ts";

/** The two headers that describe a raw body. */
export interface RawHeaders {
  readonly contentType: string | undefined;
  readonly contentDisposition: string | undefined;
}

/** `declaredType` is lower-case, without parameters; `declaredName` is as sent and decoded, not made safe. */
export interface RawHead {
  readonly declaredType: string | null;
  readonly declaredName: string | null;
}

/**
 * Reads what a raw body declares.
 * @throws CONTENT_TYPE_UNSUPPORTED: malformed, or a type that says that the body is a form and not a file.
 *         REQUEST_MALFORMED: a Content-Disposition that is malformed, of another type than `inline` and `attachment`, or of two readings.
 * @see    RFC 9110 section 8.3, RFC 6266 section 4
 */
export function readRawHead(headers: RawHeaders): RawHead {
  const { contentType, contentDisposition } = headers;
  return {
    declaredType: contentType === undefined ? null : readDeclaredType(contentType),
    declaredName: contentDisposition === undefined ? null : readDeclaredName(contentDisposition),
  };
}

function readDeclaredType(contentType: string): string {
  const { type } = parseMediaType(contentType);
  if (!type.startsWith("multipart/") && type !== "application/x-www-form-urlencoded") return type;
  throw new GateError("CONTENT_TYPE_UNSUPPORTED", {
    message: "The body is a form, where a file alone is taken.",
    expected: "the file as the whole body, with its own Content-Type",
    seen: quoteSeen(type),
  });
}

function readDeclaredName(contentDisposition: string): string | null {
  const refuse = refuseDisposition(contentDisposition);
  const { type, name, fileName } = readContentDisposition(contentDisposition, true, refuse);
  if (type !== "inline" && type !== "attachment") {
    throw refuse("malformed", 0, "The Content-Disposition is neither inline nor attachment.");
  }
  if (name !== null) throw refuse("malformed", 0, "The Content-Disposition of a raw body has no name.");
  return fileName;
}

function refuseDisposition(contentDisposition: string): Refuse {
  return (_fault, index, problem, init) =>
    new GateError("REQUEST_MALFORMED", {
      message: problem,
      expected: 'Content-Disposition: attachment; filename="name", in UTF-8',
      seen: quoteSeen(contentDisposition),
      ...init,
      details: { byteOffset: index },
    });
}
