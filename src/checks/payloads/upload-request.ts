/**
 * An HTTP/1.1 request as text lines and bytes, with nothing added, checked or corrected: what is written here is what goes on the wire.
 */
import type { Probe, ProbeStep, Target, UploadContent } from "../check.ts";
import { joined, latin1 } from "./bytes.ts";

/** One request. Header lines are without CRLF and may be anything; characters up to U+00FF become one byte each. */
export interface UploadRequest {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly content: UploadContent;
}

const FAR_APART = 64 * 1024;

/** The request line and headers that every request to the target begins with. */
export function requestTo(
  target: Target,
  path: string,
  headers: readonly string[],
): Pick<UploadRequest, "line" | "headers"> {
  return {
    line: `${target.method} ${path} HTTP/1.1`,
    headers: [
      `Host: ${new URL(target.origin).host}`,
      ...target.headers,
      ...(target.credential ?? []),
      ...headers,
    ],
  };
}

/** The head on the wire, with the empty line that ends it. */
export function headBytes(request: Pick<UploadRequest, "line" | "headers">): Uint8Array {
  return latin1([request.line, ...request.headers, "", ""].join("\r\n"));
}

/** Head, then body. */
export function probeOf(request: UploadRequest): Probe {
  return probeSteps(request, () => pieces(request.body));
}

/** The request's head, then `body` step by step. */
export function probeSteps(
  request: Pick<UploadRequest, "line" | "headers" | "content">,
  body: () => Iterable<ProbeStep>,
): Probe {
  return {
    content: request.content,
    steps: function* () {
      yield headBytes(request);
      yield* body();
    },
  };
}

/** Exactly these bytes. */
export function probeBytes(content: UploadContent, ...bytes: readonly (Uint8Array | string)[]): Probe {
  return { content, steps: () => [joined(...bytes)] };
}

/** The body in pieces of 64 KiB, so that an early answer can stop it. */
export function* pieces(body: Uint8Array): Iterable<Uint8Array> {
  for (let start = 0; start < body.length; start += FAR_APART) yield body.subarray(start, start + FAR_APART);
}

/** The same request with one header line replaced, or appended where there was none. */
export function withHeader<R extends Pick<UploadRequest, "headers">>(
  request: R,
  name: string,
  ...lines: string[]
): R {
  const isNamed = (line: string) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`);
  return { ...request, headers: [...request.headers.filter((line) => !isNamed(line)), ...lines] };
}

/** The same request with header lines added at the end. */
export function withLines<R extends Pick<UploadRequest, "headers">>(request: R, ...lines: string[]): R {
  return { ...request, headers: [...request.headers, ...lines] };
}

/** The same request with its body in chunked coding, in chunks of `chunkBytes`. @see RFC 9112 section 7.1 */
export function chunked(
  request: UploadRequest,
  chunkBytes = 16 * 1024,
  trailers: readonly string[] = [],
): UploadRequest {
  const size = latin1(`${chunkBytes.toString(16)}\r\n`);
  const lineEnd = latin1("\r\n");
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < request.body.length; start += chunkBytes) {
    const chunk = request.body.subarray(start, start + chunkBytes);
    chunks.push(
      chunk.length === chunkBytes ? size : latin1(`${chunk.length.toString(16)}\r\n`),
      chunk,
      lineEnd,
    );
  }
  const body = joined(...chunks, "0\r\n", ...trailers.map((line) => `${line}\r\n`), lineEnd);
  return { ...withHeader(request, "Content-Length", "Transfer-Encoding: chunked"), body };
}
