/**
 * JSON answers of the operator's port, compressed where that is worth it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzip } from "node:zlib";

const WORTH_BYTES = 2048;

const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

export interface JsonAnswer {
  readonly status?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Ends the answer. Compressed on a thread of its own, not on the one that takes uploads. */
export function answerJson(
  req: IncomingMessage,
  res: ServerResponse,
  value: unknown,
  { status = 200, contentType = "application/json", headers = {} }: JsonAnswer = {},
): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  const head = { ...HEADERS, vary: "accept-encoding", "content-type": contentType, ...headers };
  const isGzip = /(^|[\s,])gzip(\s*(,|$)|;q=(1|0\.[1-9]))/.test(req.headers["accept-encoding"] ?? "");
  if (!isGzip || body.length < WORTH_BYTES) {
    res.writeHead(status, { ...head, "content-length": body.length }).end(body);
    return;
  }
  gzip(body, (error, packed) => {
    if (error !== null) res.writeHead(status, head).end(body);
    else
      res
        .writeHead(status, { ...head, "content-encoding": "gzip", "content-length": packed.length })
        .end(packed);
  });
}
