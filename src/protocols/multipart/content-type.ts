/**
 * Reads the boundary out of a request's `Content-Type: multipart/form-data; boundary=…`.
 *
 * Holds: one boundary, of 1 to 70 characters of RFC 2046 section 5.1.1, without space and comma: those two are legal in double
 * quotes, but no client writes them, and readers that split a header at them see another boundary.
 */
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { Parameter, Refuse } from "../header-text.ts";
import { readMediaType } from "../media-type.ts";

// RFC 2046 section 5.1.1 bchars, but for space and comma.
const BOUNDARY = /^[0-9A-Za-z'()+_\-./:=?]{1,70}$/;
const EXPECTED =
  "multipart/form-data with one boundary of 1 to 70 characters of 0-9 A-Z a-z ' ( ) + _ - . / : = ?";

/**
 * The boundary of a multipart/form-data body, without the two leading hyphens.
 * @param  contentType the header's value as Node gives it, one character for each byte.
 * @throws PROTOCOL_BOUNDARY_INVALID: missing, two, continued (`boundary*0`), extended (`boundary*`), empty, over 70 characters,
 *         with characters that a boundary cannot have, or in a header that cannot be read.
 *         CONTENT_TYPE_UNSUPPORTED: another media type, or a parameter other than `boundary` and `charset=utf-8`.
 * @see    RFC 2046 section 5.1.1, RFC 7578 section 4.1
 */
export function readBoundary(contentType: string): string {
  const { type, parameters } = readMediaType(contentType, refuseBoundary(contentType));
  if (type !== "multipart/form-data") throw unsupported(contentType, "The body is not multipart/form-data.");
  for (const parameter of parameters.values()) checkParameter(parameter, contentType);
  const boundary = parameters.get("boundary");
  if (boundary === undefined) throw invalid(contentType, 0, "The Content-Type has no boundary.");
  // A quoted pair in a boundary (`"a\b"`) is undone by some readers and kept by others.
  if (!BOUNDARY.test(boundary.value) || contentType.includes("\\")) {
    throw invalid(
      contentType,
      boundary.valueIndex,
      "The boundary is empty, too long, or has characters that it cannot have.",
    );
  }
  return boundary.value;
}

// Some clients add charset=utf-8, which says nothing new. Anything else might be meant to change how the body is read.
function checkParameter({ name, value, index }: Parameter, contentType: string): void {
  if (name === "boundary") return;
  if (name === "charset" && value.toLowerCase() === "utf-8") return;
  if (name.startsWith("boundary*")) {
    throw invalid(contentType, index, "The boundary is an extended or continued parameter.");
  }
  throw unsupported(
    contentType,
    `The Content-Type has the parameter ${quoteSeen(name)}, which is not taken.`,
  );
}

function refuseBoundary(contentType: string): Refuse {
  return (_fault, index, problem) => invalid(contentType, index, problem);
}

function invalid(contentType: string, byteOffset: number, message: string): GateError {
  return new GateError("PROTOCOL_BOUNDARY_INVALID", {
    message,
    expected: EXPECTED,
    seen: quoteSeen(contentType, 160),
    details: { byteOffset },
  });
}

function unsupported(contentType: string, message: string): GateError {
  return new GateError("CONTENT_TYPE_UNSUPPORTED", {
    message,
    expected: EXPECTED,
    seen: quoteSeen(contentType, 160),
  });
}
