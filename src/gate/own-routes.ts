/**
 * What the gate itself serves on its public port: the keys for receipts, released files by receipt, and what an error code means.
 */
import { verifyReceipt } from "../delivery/receipt/receipt.ts";
import { ERROR_CODES, isErrorCode } from "../problems/error-code.ts";
import { GateError } from "../problems/gate-error.ts";
import { PROBLEM_TYPE_PREFIX } from "../problems/problem.ts";
import { isStorageKey } from "../storage/storage.ts";
import type { ByteSource } from "../uploads/byte-source.ts";
import { memorySource } from "../uploads/byte-source.ts";
import type { UploadState } from "../uploads/upload-state.ts";
import { answerOwn } from "./answers.ts";
import type { GateParts } from "./gate-parts.ts";
import type { RequestContext } from "./request-context.ts";

export const OWN_PREFIX = "/.sluicegate/";
const JWKS_PATH = "/.well-known/jwks.json";
const FILES_PREFIX = "/.sluicegate/files/";
const READ_BYTES = 256 * 1024;
/** States in which a service may hold a receipt. */
const RELEASED: ReadonlySet<UploadState> = new Set(["released", "delivered", "undeliverable"]);

/** Whether a path is the gate's own and never a service's. */
export function isOwnPath(path: string): boolean {
  return path.startsWith(OWN_PREFIX) || path === JWKS_PATH;
}

/** Answers a request for a path of the gate's own. @throws ROUTE_UNKNOWN, METHOD_NOT_ALLOWED, RECEIPT_INVALID, STORAGE_OBJECT_MISSING */
export async function answerOwnPath(gate: GateParts, request: RequestContext): Promise<void> {
  const { path, req } = request;
  if (req.method !== "GET" && req.method !== "HEAD") {
    throw new GateError("METHOD_NOT_ALLOWED", {
      expected: "GET or HEAD",
      seen: req.method ?? "",
      details: { allowed: ["GET", "HEAD"] },
    });
  }
  if (path === JWKS_PATH)
    return answerOwn(request, 200, "application/jwk-set+json", JSON.stringify(gate.receiptKeys.jwks()));
  if (path.startsWith(FILES_PREFIX)) return answerFile(gate, request, path.slice(FILES_PREFIX.length));
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

/** A released file for the service that holds its receipt. The receipt is the permission, and for this one file only. */
async function answerFile(gate: GateParts, request: RequestContext, key: string): Promise<void> {
  const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(request.req.headers.authorization ?? "")?.[1];
  if (token === undefined || !isStorageKey(key))
    throw new GateError("RECEIPT_INVALID", { expected: "Authorization: Bearer <receipt>" });
  const claims = await verifyReceipt(token, {
    keys: gate.receiptKeys,
    issuer: gate.settings.receipts.issuer,
  });
  if (claims.key !== key)
    throw new GateError("RECEIPT_INVALID", {
      expected: "the receipt of this file",
      seen: "the receipt of another one",
    });
  const found = await gate.records.findFile(key);
  if (found === null || !RELEASED.has(found.state)) throw new GateError("STORAGE_OBJECT_MISSING");
  const source = await openReleased(gate, key);
  try {
    await sendFile(request, source, found.file.verifiedType);
  } finally {
    await source.close();
  }
}

async function openReleased(gate: GateParts, key: string): Promise<ByteSource> {
  const inline = await gate.records.readInline(key);
  return inline === null ? gate.storage.open("store", key) : memorySource(inline);
}

async function sendFile(request: RequestContext, source: ByteSource, type: string | null): Promise<void> {
  const { req, res, trace } = request;
  res.writeHead(200, {
    "content-type": type ?? "application/octet-stream",
    "content-length": source.sizeBytes,
    "content-disposition": "attachment",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-store",
    "x-request-id": trace.requestId,
  });
  for (
    let offset = 0;
    req.method === "GET" && offset < source.sizeBytes && !res.destroyed;
    offset += READ_BYTES
  ) {
    // A copy: the source may reuse its buffer while the socket still holds this one.
    const chunk = Buffer.from(await source.read(offset, READ_BYTES));
    if (!res.write(chunk)) await drained(res);
  }
  res.end();
}

/** Resolves when more can be written, or when nobody reads any more. */
function drained(res: RequestContext["res"]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off("drain", done).off("close", done);
      resolve();
    };
    res.on("drain", done).on("close", done);
  });
}
