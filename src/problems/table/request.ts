import type { ErrorCodeRow } from "../error-code-row.ts";

/** Errors of the stage `request`. Codes are never renamed once published, only retired. */
export const REQUEST_CODES = {
  REQUEST_MALFORMED: {
    status: 400,
    title: "The request cannot be read",
    retry: "never",
    meaning:
      "The request line, a header or the framing of the body is not valid HTTP, or could be read in two ways.",
    remedy: "Send one valid request; see expected and seen.",
  },
  REQUEST_HEADERS_TOO_LARGE: {
    status: 431,
    title: "The request headers are too large",
    retry: "never",
    meaning: "All request headers together exceed limits.request-headers.",
    remedy: "Send smaller headers.",
  },
  REQUEST_HEADER_DUPLICATED: {
    status: 400,
    title: "A header was sent twice",
    retry: "never",
    meaning:
      "A header that may appear only once (Host, Content-Type, Content-Length, Transfer-Encoding, Content-Encoding) was sent more than once.",
    remedy: "Send it once.",
  },
  REQUEST_TARGET_INVALID: {
    status: 400,
    title: "The request path is not acceptable",
    retry: "never",
    meaning:
      "The path is not in canonical form: encoded slashes or backslashes, dot segments, NUL or control characters, double encoding, or it is not an absolute path.",
    remedy: "Request the plain path of the route.",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: "The request took too long",
    retry: "safe",
    meaning: "The headers or the body did not arrive in the time allowed.",
    remedy: "Send the request again over a better connection.",
  },
  ROUTE_UNKNOWN: {
    status: 404,
    title: "No such route here",
    retry: "never",
    meaning: "No flow matches the path, and no upstream passes through.",
    remedy: "Check the path; the flows of this gate are listed by its operator.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "This method is not allowed on this route",
    retry: "never",
    meaning: "A flow matches the path but not the method.",
    remedy: "Use a method of the Allow header.",
  },
  METHOD_NOT_SUPPORTED: {
    status: 501,
    title: "This method is not supported",
    retry: "never",
    meaning: "CONNECT and TRACE are never passed on.",
    remedy: "Use another method.",
  },
  CONTENT_TYPE_UNSUPPORTED: {
    status: 415,
    title: "The flow does not take this kind of body",
    retry: "never",
    meaning: "The Content-Type is missing, malformed, or of a protocol that the flow does not allow.",
    remedy: "Send one of the content types named in expected.",
  },
  CONTENT_ENCODING_UNSUPPORTED: {
    status: 415,
    title: "Compressed bodies are not taken",
    retry: "never",
    meaning: "The request has a Content-Encoding; the gate takes bodies as they are.",
    remedy: "Send the body without Content-Encoding.",
  },
  CONTENT_RANGE_UNSUPPORTED: {
    status: 400,
    title: "Partial bodies are not taken",
    retry: "never",
    meaning: "A PUT with Content-Range would be read as a whole file by one side and as a part by the other.",
    remedy: "Send the whole file.",
  },
  EXPECTATION_UNSUPPORTED: {
    status: 417,
    title: "The Expect header is not understood",
    retry: "never",
    meaning: "Only 100-continue is understood.",
    remedy: "Leave the Expect header out.",
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: "The request body is larger than the flow allows",
    retry: "never",
    meaning: "Content-Length, or the bytes that arrived, exceed the sum of what the flow accepts.",
    remedy: "Send less; the limit is in limitBytes.",
  },
  BODY_DIGEST_INVALID: {
    status: 400,
    title: "The digest of the body cannot be read",
    retry: "never",
    meaning:
      "A Content-Digest or Repr-Digest is no dictionary of byte sequences (RFC 9530), a Content-MD5 is not the base64 of 16 bytes, or a digest has the wrong length.",
    remedy: "Send the digest as expected says, or leave the header out.",
  },
  BODY_DIGEST_MISMATCH: {
    status: 400,
    title: "The body is not the one that its digest was made of",
    retry: "safe",
    meaning: "The bytes that arrived have another digest than the request says. Nothing was kept.",
    remedy: "Make the digest of exactly the body that is sent, then send both again.",
  },
  REQUEST_ABORTED: {
    status: 400,
    title: "The client went away",
    retry: "safe",
    meaning: "The connection closed before the whole request had arrived. Nothing was kept.",
    remedy: "Send the whole request again.",
  },
  GATE_BUSY: {
    status: 503,
    title: "The gate takes no more at the moment",
    retry: "later",
    meaning:
      "As many uploads as limits.uploads allows are being received, as many connections as limits.connections allows are open, or the gate keeps account of as many callers as it can.",
    remedy: "Send the same request again after Retry-After seconds.",
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: "The file is not the one that the request is about",
    retry: "never",
    meaning: "The request has an If-Match header that does not name the file's ETag.",
    remedy: "Send it without If-Match, or with the ETag of the file.",
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    title: "The file has no such part",
    retry: "never",
    meaning: "The Range header asks for bytes beyond the end of the file, or for none.",
    remedy: "Ask for a range inside the length that Content-Range names.",
  },
  GATE_STOPPING: {
    status: 503,
    title: "The gate is being stopped",
    retry: "later",
    meaning: "The gate finishes what runs and takes nothing new.",
    remedy: "Send the same request again after Retry-After seconds.",
  },
  GATE_FAILED: {
    status: 500,
    title: "The gate failed",
    retry: "later",
    meaning: "An error that the gate did not expect; its log has it under the same request id.",
    remedy: "Send the same request again later, and tell the operator the request id.",
  },
} as const satisfies Record<string, ErrorCodeRow>;
