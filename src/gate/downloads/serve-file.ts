/**
 * A released file as an answer: its bytes, and headers by which nothing opens, runs or keeps it.
 *
 * Always: an attachment with one file name (RFC 6266), of the verified type and no other (`nosniff`); displayed all the same, it is a page
 * of no origin that may load and run nothing. Nobody else's page can embed it, no cache keeps it, and its URL goes on in no Referer.
 * The answer to HEAD has the headers of the answer to GET. Memory: one chunk, however slow the reader; who stops reading is cut off with the
 * connection (`server/stall-watch.ts`).
 * Not here: who may have it.
 */
import { contentDisposition } from "../../delivery/forward/content-disposition.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { ByteSource } from "../../uploads/byte-source.ts";
import type { RequestContext } from "../request-context.ts";
import { type RangeReading, readRange } from "./byte-ranges.ts";
import { effectiveRange, judgePreconditions } from "./preconditions.ts";

const READ_BYTES = 256 * 1024;

/** What is served. `sha256`: lower-case hex; `fileName`: clean. */
export interface ServedFile {
  readonly source: ByteSource;
  readonly sha256: string;
  /** The verified type; `null` for opaque bytes. */
  readonly type: string | null;
  readonly fileName: string;
}

/**
 * Answers GET or HEAD with a file, or the part of it that is asked for.
 * @throws PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE, STORAGE_READ_FAILED
 */
export async function serveFile(request: RequestContext, file: ServedFile): Promise<void> {
  const { req, res } = request;
  const etag = `"${file.sha256}"`;
  const judged = judgePreconditions(req.headers, etag);
  if (judged === "failed") throw preconditionFailed(req.headers["if-match"] ?? "", etag);
  if (judged === "not-modified") {
    res.writeHead(304, { ...commonHeaders(request), etag });
    res.end();
    return;
  }
  const { sizeBytes } = file.source;
  const range = readRange(effectiveRange(req.method, req.headers, etag), sizeBytes);
  if (range.kind === "unsatisfiable") throw unsatisfiable(request, sizeBytes);
  res.writeHead(range.kind === "part" ? 206 : 200, {
    ...commonHeaders(request),
    ...contentHeaders(file),
    ...lengthHeaders(range, sizeBytes),
    etag,
  });
  const { first, last } = range.kind === "part" ? range : { first: 0, last: sizeBytes - 1 };
  if (req.method === "GET") await sendBytes(res, file.source, first, last);
  res.end();
}

function commonHeaders({ req, trace, answerHeaders }: RequestContext): Record<string, string> {
  return {
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-request-id": trace.requestId,
    ...Object.fromEntries(answerHeaders),
    ...(req.complete ? {} : { connection: "close" }),
  };
}

function contentHeaders({ type, fileName }: ServedFile): Record<string, string> {
  return {
    "content-type": type ?? "application/octet-stream",
    "content-disposition": contentDisposition(fileName),
  };
}

/** RFC 9110 sections 8.6 and 14.4. */
function lengthHeaders(range: RangeReading, sizeBytes: number): Record<string, string | number> {
  if (range.kind !== "part") return { "content-length": sizeBytes };
  const { first, last } = range;
  return { "content-length": last - first + 1, "content-range": `bytes ${first}-${last}/${sizeBytes}` };
}

async function sendBytes(
  res: RequestContext["res"],
  source: ByteSource,
  first: number,
  last: number,
): Promise<void> {
  for (let offset = first; offset <= last && !res.destroyed; ) {
    // A copy: the source may reuse its buffer while the socket still holds this one.
    const chunk = Buffer.from(await source.read(offset, Math.min(READ_BYTES, last - offset + 1)));
    if (chunk.length === 0) throw new GateError("STORAGE_READ_FAILED");
    offset += chunk.length;
    if (!res.write(chunk)) await drained(res);
  }
}

/** Resolves when more can be written, or when nobody reads any more. */
function drained(res: RequestContext["res"]): Promise<void> {
  if (res.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      res.off("drain", done).off("close", done);
      resolve();
    };
    res.on("drain", done).on("close", done);
  });
}

function preconditionFailed(ifMatch: string, etag: string): GateError {
  return new GateError("PRECONDITION_FAILED", {
    expected: `If-Match: ${etag}`,
    seen: quoteSeen(ifMatch),
  });
}

/** RFC 9110 section 15.5.17: the answer names the length. */
function unsatisfiable({ req, answerHeaders }: RequestContext, sizeBytes: number): GateError {
  answerHeaders.push(["content-range", `bytes */${sizeBytes}`]);
  return new GateError("RANGE_NOT_SATISFIABLE", {
    expected: `a range inside ${sizeBytes} bytes`,
    seen: quoteSeen(req.headers.range ?? ""),
  });
}
