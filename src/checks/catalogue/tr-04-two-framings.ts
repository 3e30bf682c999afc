import type { Check, CheckCase, Refusal, Target } from "../check.ts";
import { refuses, strictly } from "../define-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { canaryRequest } from "../payloads/canary.ts";
import { controlRequest } from "../payloads/upload.ts";
import { headBytes, probeBytes, type UploadRequest, withHeader } from "../payloads/upload-request.ts";

const ambiguous: Refusal = {
  statuses: [400, 415, 501],
  gateCodes: ["REQUEST_MALFORMED", "REQUEST_HEADER_DUPLICATED"],
  closes: true,
};

/**
 * Both headers. By chunks the body is empty and the canary is the next request; by length the canary is part of the body.
 * Whoever answers the canary has read the other framing than the one before it.
 */
function bothFramings(name: string, ...codingLines: readonly string[]): CheckCase {
  return refuses(
    name,
    (target) => {
      const request = controlRequest(target);
      const body = latin1(`0\r\n\r\n${canaryRequest(target)}`);
      const head = withHeader(request, "Content-Length", `Content-Length: ${body.length}`, ...codingLines);
      return probeBytes(request.content, headBytes(head), body);
    },
    ambiguous,
  );
}

/** Chunked alone; `write` makes the body. */
function chunkedAs(name: string, write: (body: Uint8Array) => Uint8Array, refusal = ambiguous): CheckCase {
  return refuses(
    name,
    (target) => {
      const request = controlRequest(target);
      const head = withHeader(request, "Content-Length", "Transfer-Encoding: chunked");
      return probeBytes(request.content, headBytes(head), write(request.body), canaryRequest(target));
    },
    refusal,
  );
}

const hex = (bytes: Uint8Array) => bytes.length.toString(16);

/** HTTP/1.0 knows no chunks. @see RFC 9112 section 6.1 */
function asHttp10(target: Target) {
  const request: UploadRequest = {
    ...controlRequest(target),
    line: `${target.method} ${target.path} HTTP/1.0`,
  };
  const head = withHeader(request, "Content-Length", "Transfer-Encoding: chunked");
  return probeBytes(request.content, headBytes(head), `0\r\n\r\n${canaryRequest(target)}`);
}

/** UPL-TR-04: a body that ends in two places. */
export const twoFramings: Check = {
  id: "UPL-TR-04",
  title: "A request with two framings, or a mangled one, is refused and the connection closed",
  why: "Where two servers in a row disagree on the end of a body, a client slips requests past the first.",
  standards: [
    "v5.0.0-4.2.1",
    "CWE-444",
    "WSTG-INPV-15",
    "CVE-2022-32214",
    "CVE-2023-47641",
    "CVE-2024-1135",
    "CVE-2025-43859",
  ],
  flags: ["s"],
  remedy: {
    fastapi:
      "This is decided by the server, not by FastAPI: run a current uvicorn with `--http h11`, which is stricter than httptools. Proxy and server must both be strict: one lenient of the two is enough for smuggling.",
    django:
      "This is decided by the server, not by Django: gunicorn ≥ 23 refuses it; `runserver` is not for production. CVE-2024-1135 is in gunicorn before 22.0.0.",
    flask:
      "This is decided by the server, not by Flask: gunicorn ≥ 23 or waitress ≥ 3.0.1; Werkzeug's own server is not for production. CVE-2024-1135 is in gunicorn before 22.0.0.",
    gate: "Nothing to write: two framings, or a mangled one, are 400 and the end of the connection.",
  },
  cases: [
    bothFramings("Content-Length and Transfer-Encoding", "Transfer-Encoding: chunked"),
    bothFramings("a coding that only contains chunked", "Transfer-Encoding: xchunked"),
    bothFramings("chunked is not the last coding", "Transfer-Encoding: chunked, identity"),
    bothFramings("identity", "Transfer-Encoding: identity"),
    bothFramings("chunked twice", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    bothFramings("a tab before the coding", "Transfer-Encoding:\tchunked"),
    bothFramings("a vertical tab before the coding", "Transfer-Encoding:\x0bchunked"),
    bothFramings("a space before the colon", "Transfer-Encoding : chunked"),
    bothFramings("the header behind a bare LF", "X-Note: a\nTransfer-Encoding: chunked"),
    bothFramings("the header behind a bare CR", "X-Note: a\rTransfer-Encoding: chunked"),
    // Read as the rest of the line before it, it is no second framing (RFC 9112 section 5.2).
    ...strictly([bothFramings("the header on a folded line", "X-Note: a", " Transfer-Encoding: chunked")]),
    refuses("chunked in HTTP/1.0", asHttp10, { ...ambiguous, statuses: [400, 415, 501, 505] }),
    chunkedAs("a chunk size with a plus sign", (body) => joined(`+${hex(body)}\r\n`, body, "\r\n0\r\n\r\n")),
    chunkedAs("a chunk size with 0x", (body) => joined(`0x${hex(body)}\r\n`, body, "\r\n0\r\n\r\n")),
    chunkedAs("a negative chunk size", (body) => joined(`-${hex(body)}\r\n`, body, "\r\n0\r\n\r\n")),
    ...strictly([
      chunkedAs("a chunk size beyond 64 bits", (body) => joined(`fffffffffffffffff${hex(body)}\r\n`, body), {
        ...ambiguous,
        // 408: a server of boundless numbers waits for the bytes, which never come.
        statuses: [400, 408, 413],
        gateCodes: ["REQUEST_MALFORMED", "BODY_TOO_LARGE"],
      }),
    ]),
    chunkedAs("a bare LF after the chunk size", (body) => joined(`${hex(body)}\n`, body, "\r\n0\r\n\r\n")),
    chunkedAs("two other bytes in place of the CRLF after a chunk", (body) =>
      joined(`${hex(body)}\r\n`, body, "XX0\r\n\r\n"),
    ),
    chunkedAs("a bare LF after a chunk", (body) => joined(`${hex(body)}\r\n`, body, "\n0\r\n\r\n")),
  ],
};
