/**
 * What the gate itself serves on its public port: the keys for receipts, released files, the state of uploads, and what an error code means.
 */

import { isPreflight } from "../permissions/cross-site.ts";
import { ERROR_CODES, isErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import { PROBLEM_TYPE_PREFIX } from "../problems/problem.ts";
import { answerOwn } from "./answers.ts";
import { answerFile } from "./downloads/answer-file.ts";
import type { GateParts } from "./gate-parts.ts";
import type { RequestContext } from "./request-context.ts";
import { answerUploadStatus } from "./upload-status.ts";

export const OWN_PREFIX = "/.sluicegate/";
const JWKS_PATH = "/.well-known/jwks.json";
const FILES_PREFIX = "/.sluicegate/files/";
const UPLOADS_PREFIX = "/.sluicegate/uploads/";

/** Whether a path is the gate's own and never a service's. */
export function isOwnPath(path: string): boolean {
  return path.startsWith(OWN_PREFIX) || path === JWKS_PATH;
}

/** Answers a request for a path of the gate's own. @throws ROUTE_UNKNOWN, METHOD_NOT_ALLOWED, and the codes of what is asked for */
export async function answerOwnPath(gate: GateParts, request: RequestContext): Promise<void> {
  const { path, req } = request;
  const isAskingFirst = path.startsWith(UPLOADS_PREFIX) && isPreflight(req.method, req.headers);
  if (req.method !== "GET" && req.method !== "HEAD" && !isAskingFirst) {
    throw new GateError("METHOD_NOT_ALLOWED", {
      expected: "GET or HEAD",
      seen: req.method ?? "",
      details: { allowed: ["GET", "HEAD"] },
    });
  }
  if (path === JWKS_PATH)
    return answerOwn(request, 200, "application/jwk-set+json", JSON.stringify(gate.receiptKeys.jwks()));
  if (path.startsWith(FILES_PREFIX)) return answerFile(gate, request, path.slice(FILES_PREFIX.length));
  if (path.startsWith(UPLOADS_PREFIX))
    return answerUploadStatus(gate, request, path.slice(UPLOADS_PREFIX.length));
  if (path.startsWith(PROBLEM_TYPE_PREFIX))
    return answerErrorCode(request, path.slice(PROBLEM_TYPE_PREFIX.length));
  throw new GateError("ROUTE_UNKNOWN");
}

function answerErrorCode(request: RequestContext, code: string): void {
  if (!isErrorCode(code)) throw new GateError("ROUTE_UNKNOWN");
  const { title, status, meaning, remedy, retry } = ERROR_CODES[code];
  const again = {
    never: "Retry: no.",
    later: "Retry: the same request, later.",
    safe: "Retry: safe at once.",
  }[retry];
  answerOwn(
    request,
    200,
    "text/plain; charset=utf-8",
    `${code} (${status}): ${title}\n\n${meaning}\n${remedy}\n${again}\n`,
  );
}
