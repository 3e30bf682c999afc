/**
 * From what a connection to the service reports to the three errors that a client may hear of.
 *
 * In: any error of undici or of a socket, and how far the exchange had come. Out: a GateError; one that already is a GateError (a body
 * that could not be read back from storage, a gate that stops) comes out as it went in.
 */
import { GateError } from "../problems/gate-error.ts";

const RETRY_AFTER_SECONDS = 5;

/** Codes that say: there were bytes, and they were no HTTP answer. */
const NOT_AN_ANSWER =
  /^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_RES_EXCEEDED)/;

/** Codes that say: our own request could not be written down. */
const NOT_A_REQUEST = /^(UND_ERR_INVALID_ARG|UND_ERR_NOT_SUPPORTED|UND_ERR_REQ_CONTENT_LENGTH_MISMATCH|ERR_)/;

/** The `code` of a system or library error; "" where it has none. */
export function errorCodeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/**
 * The error of an exchange that ended before anything went to the client.
 * @param hasAnswerBytes whether at least one byte of an answer had come.
 * @returns UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_ANSWER_INVALID, GATE_FAILED, or `error` where it is a GateError.
 */
export function upstreamError(error: unknown, name: string, hasAnswerBytes: boolean): GateError {
  if (error instanceof GateError) return error;
  const code = errorCodeOf(error);
  if (NOT_A_REQUEST.test(code)) return new GateError("GATE_FAILED", { cause: error });
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") return timeoutError(name, error);
  if (hasAnswerBytes || NOT_AN_ANSWER.test(code)) return answerInvalid(name, error);
  return unreachable(name, error);
}

/** The service did not answer, or did not take the request, in the time that its upstream allows. */
export function timeoutError(name: string, cause?: unknown): GateError {
  return new GateError("UPSTREAM_TIMEOUT", {
    message: `The service "${name}" did not answer in time.`,
    details: { upstream: name },
    cause,
  });
}

/** No connection, or one that closed without a byte of an answer. */
export function unreachable(name: string, cause: unknown): GateError {
  return new GateError("UPSTREAM_UNREACHABLE", {
    message: `The service "${name}" cannot be reached, or it closed the connection without an answer.`,
    details: { upstream: name },
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}

function answerInvalid(name: string, cause: unknown): GateError {
  return new GateError("UPSTREAM_ANSWER_INVALID", {
    message: `The service "${name}" gave an answer that is not valid HTTP, or that broke off.`,
    details: { upstream: name },
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}

/** The client closed its connection before it had its answer. Nobody is there to read it; it is for the log and the records. */
export function clientGone(): GateError {
  return new GateError("REQUEST_ABORTED", {
    message: "The client closed the connection before it had its answer.",
  });
}
