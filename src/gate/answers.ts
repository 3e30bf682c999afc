/**
 * The gate's own answers: RFC 9457 problems for programs, the same in plain words for a person in a browser.
 *
 * Always holds: an answer given while the body still flows says `Connection: close`, so that the rest of the body is never read as a
 * next request (lesson T46; the server lets the bytes drain for a moment so that the client sees the answer).
 */
import { ERROR_CODES } from "../problems/error-code.ts";
import type { GateError } from "../problems/gate-error.ts";
import { type Problem, toProblem } from "../problems/problem.ts";
import { drainRequest } from "../upstream/drain-request.ts";
import { problemPage } from "./problem-page.ts";
import { Refusal } from "./refusal.ts";
import type { RequestHead } from "./request-context.ts";

/** Sends an error as the answer; does nothing but close where an answer has begun already. */
export function answerProblem(request: RequestHead, error: GateError): void {
  const { req, res, facts } = request;
  facts.code = error.code;
  // Nobody is there to hear it; or the body broke the framing and the server has answered on the bare connection.
  if (error.code === "REQUEST_ABORTED") return;
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const problem = problemOf(request, error);
  const wantsPage = prefersHtml(req.headers.accept);
  const body = Buffer.from(
    wantsPage ? problemPage(problem, ERROR_CODES[error.code].remedy) : JSON.stringify(problem),
  );
  letBodyDrain(request);
  for (const [name, value] of problemHeaders(request, error, wantsPage)) res.appendHeader(name, value);
  res.writeHead(error.status, { "content-length": body.length });
  res.end(req.method === "HEAD" ? undefined : body);
}

/**
 * Lets what is still to come of a body be read and thrown away, within limits: a close with unread bytes is a reset, and the client might
 * never see its answer.
 */
function letBodyDrain({ req }: RequestHead): void {
  if (!req.complete) void drainRequest(req).then((isWhole) => isWhole || req.socket.destroy());
}

/** Sends a small JSON or text answer of the gate's own. */
export function answerOwn(request: RequestHead, status: number, contentType: string, text: string): void {
  letBodyDrain(request);
  const body = Buffer.from(text);
  for (const [name, value] of request.answerHeaders) request.res.appendHeader(name, value);
  request.res.writeHead(status, {
    "content-type": contentType,
    "content-length": body.length,
    "x-content-type-options": "nosniff",
    "x-request-id": request.trace.requestId,
    ...(request.req.complete ? {} : { connection: "close" }),
  });
  request.res.end(request.req.method === "HEAD" ? undefined : body);
}

/** Sends an answer without a body. */
export function answerEmpty(request: RequestHead, status: number): void {
  const { req, res, trace, answerHeaders } = request;
  letBodyDrain(request);
  for (const [name, value] of answerHeaders) res.appendHeader(name, value);
  res.writeHead(status, {
    "x-request-id": trace.requestId,
    ...(req.complete ? {} : { connection: "close" }),
  });
  res.end();
}

function problemOf(request: RequestHead, error: GateError): Problem {
  const problem = toProblem(error, request.trace.requestId);
  return {
    ...problem,
    ...(request.facts.uploadId === null ? {} : { uploadId: request.facts.uploadId }),
    ...(error instanceof Refusal && error.findings.length > 1 ? { findings: error.findings } : {}),
  };
}

function problemHeaders(request: RequestHead, error: GateError, isPage: boolean): [string, string][] {
  const { allowed, challenge } = error.details;
  const headers: [string, string][] = [
    ["content-type", isPage ? "text/html; charset=utf-8" : "application/problem+json"],
    ["content-language", "en"],
    ["cache-control", "no-store"],
    ["x-content-type-options", "nosniff"],
    ["vary", "accept"],
    ["x-request-id", request.trace.requestId],
    ...request.answerHeaders.map(([name, value]): [string, string] => [name, value]),
  ];
  if (isPage)
    headers.push(["content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"]);
  if (error.retryAfterSeconds !== null) headers.push(["retry-after", String(error.retryAfterSeconds)]);
  if (error.status === 405 && Array.isArray(allowed)) headers.push(["allow", allowed.join(", ")]);
  // RFC 9110 section 11.6.1 asks for it in 401 answers; RFC 6750 section 3.1 gives it in a 403 too.
  if (typeof challenge === "string") headers.push(["www-authenticate", challenge]);
  else if (error.status === 401) headers.push(["www-authenticate", "Bearer"]);
  if (!request.req.complete) headers.push(["connection", "close"]);
  return headers;
}

/** Browsers navigating (a form sent) put text/html first; programs ask for anything or for JSON. */
function prefersHtml(accept: string | undefined): boolean {
  return accept !== undefined && /^\s*text\/html\b/i.test(accept);
}
