/**
 * Watches a request that passes through, where it looks like an upload: what it is made of, and what came of it, goes into the notes on its route.
 */
import type { IncomingMessage } from "node:http";
import type { GateParts } from "../gate-parts.ts";
import type { RelayTap } from "../pass-through.ts";
import type { RequestContext } from "../request-context.ts";
import { templateOf } from "./route-path.ts";
import { watchBody } from "./seen-body.ts";

/** From here on a raw body is more likely a file than a message. */
const RAW_BYTES_MIN = 64 * 1024;
const MESSAGE_TYPES =
  /^\s*(application\/(json|[a-z0-9.+-]+\+json|x-www-form-urlencoded|xml|graphql|grpc)|text\/xml)\b/i;
const FILE_TYPES = /^\s*(image|video|audio)\/|^\s*application\/(octet-stream|pdf|zip)\b/i;
const NO_ANSWER_STATUS = 502;
const API_KEY = /^(x-)?api-?key$/;

/** The watch on one upload. */
export interface SeenUpload {
  readonly tap: RelayTap;
  /** When the answer is out, or there will be none. */
  conclude(): void;
}

/** @returns `null` for what does not look like an upload */
export function seeUpload(gate: GateParts, request: RequestContext): SeenUpload | null {
  const { req, path } = request;
  const reason = uploadReason(req);
  if (reason === null) return null;
  const method = req.method ?? "";
  const body = watchBody(req);
  return {
    tap: { tap: (chunk) => body.see(chunk), tapEnd: (isComplete) => body.end(isComplete) },
    conclude: () => {
      const route = gate.seenRoutes.note({
        method,
        path: templateOf(method, path),
        protocol: isForm(req) ? "multipart" : "raw",
        reason,
        atMs: request.startedAtMs,
        durationMs: performance.now() - request.startedAt,
        // Where the service gave no answer, the gate does so after this.
        status: request.res.headersSent ? request.res.statusCode : NO_ANSWER_STATUS,
        bytes: body.bytes,
        parts: body.parts,
        credentials: credentialsOf(req),
        isFromPage: req.headers.origin !== undefined,
      });
      if (route === null) return;
      const told = `${route.method} ${route.path} looks like an upload route: ${reason}; no flow describes it`;
      gate.log.info({ route: { method, path: route.path, reason } }, told);
    },
  };
}

/** Why a request looks like an upload, in words; `null` where it does not. */
export function uploadReason(req: Pick<IncomingMessage, "method" | "headers">): string | null {
  const type = req.headers["content-type"] ?? "";
  if (isForm(req)) return "its body is multipart/form-data";
  if (req.method !== "POST" && req.method !== "PUT" && req.method !== "PATCH") return null;
  if (MESSAGE_TYPES.test(type)) return null;
  if (FILE_TYPES.test(type)) return `its body is ${type.slice(0, 60)}`;
  return Number(req.headers["content-length"] ?? 0) >= RAW_BYTES_MIN
    ? "its body is large and no message"
    : null;
}

const isForm = ({ headers }: Pick<IncomingMessage, "headers">): boolean =>
  /^\s*multipart\/form-data\b/i.test(headers["content-type"] ?? "");

/** The kind, never the credential: a scheme that nobody knows could be a secret of its own. */
function credentialsOf({ headers }: IncomingMessage): string {
  const scheme = /^(Bearer|Basic|Digest|Token)\s/i.exec(headers.authorization ?? "")?.[1];
  if (scheme !== undefined) return `Authorization: ${scheme}`;
  if (headers.authorization !== undefined) return "Authorization";
  if (Object.keys(headers).some((name) => API_KEY.test(name))) return "API key";
  return headers.cookie === undefined ? "nothing" : "Cookie";
}
