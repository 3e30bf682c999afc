import type { ErrorCodeRow } from "../error-code-row.ts";

/** Errors of the stage `delivery`. Codes are never renamed once published, only retired. */
export const DELIVERY_CODES = {
  UPSTREAM_UNREACHABLE: {
    status: 502,
    title: "The service behind the gate cannot be reached",
    retry: "later",
    meaning:
      "No connection to the service. The upload was not acknowledged. Where the request is passed through, also: the service closed the connection without an answer.",
    remedy: "Send the same request again after Retry-After seconds.",
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    title: "The service behind the gate did not answer in time",
    retry: "later",
    meaning:
      "The service took longer than the timeout of its upstream. It may have taken the upload all the same. Where the problem says `isKept`, the gate keeps the upload until somebody decides.",
    remedy: "Ask the service whether it has the upload before sending it again.",
  },
  UPSTREAM_ANSWER_INVALID: {
    status: 502,
    title: "The service behind the gate gave no valid answer",
    retry: "later",
    meaning:
      "The answer was not valid HTTP, it broke off before its headers were complete, or the service closed the connection without one. It may have taken the upload all the same. Where the problem says `isKept`, the gate keeps the upload until somebody decides.",
    remedy: "Ask the service whether it has the upload before sending it again.",
  },
  UPSTREAM_REFUSED: {
    status: 502,
    title: "The service refused the upload",
    retry: "never",
    meaning:
      "The service behind the gate answered the delivery with an error status. The client got that answer as it is; nothing was kept.",
    remedy: "See the service's own answer.",
  },
  DELIVERY_GIVEN_UP: {
    status: 410,
    title: "The delivery was given up",
    retry: "never",
    meaning:
      "The upload was kept because its service could not be told of it, and an operator has given it up.",
    remedy: "Send the upload again, as a new one.",
  },
  RECEIPT_KEY_UNAVAILABLE: {
    status: 503,
    title: "No key to sign receipts with",
    retry: "later",
    meaning: "The signing key cannot be read or made.",
    remedy: "Send the same request again later.",
  },
  RECEIPT_INVALID: {
    status: 401,
    title: "The receipt is not valid",
    retry: "never",
    meaning: "The bearer token is missing, is no receipt of this gate, has expired, or names another file.",
    remedy: "Use the receipt that came with the upload, before it expires.",
  },
} as const satisfies Record<string, ErrorCodeRow>;
