import { gzipSync } from "node:zlib";
import type { Check, CheckCase, Refusal } from "../check.ts";
import { refuses, strictly } from "../define-case.ts";
import { joined } from "../payloads/bytes.ts";
import { controlRequest } from "../payloads/upload.ts";
import { chunked, probeOf, withHeader, withLines } from "../payloads/upload-request.ts";

const BOMB_BYTES = 64 * 1024 * 1024;
const EMPTY_MEMBERS = 2000;
const unsupported: Refusal = { statuses: [415], gateCodes: ["CONTENT_ENCODING_UNSUPPORTED"] };

/** The control with its body coded, and the coding named. */
function coded(name: string, coding: string, encode: (body: Uint8Array) => Uint8Array): CheckCase {
  return refuses(
    name,
    (target) => {
      const request = controlRequest(target);
      const body = encode(request.body);
      const sized = withHeader(request, "Content-Length", `Content-Length: ${body.length}`);
      return probeOf({ ...withLines(sized, `Content-Encoding: ${coding}`), body });
    },
    unsupported,
  );
}

const asIs = (body: Uint8Array) => body;
const gzip = (body: Uint8Array) => new Uint8Array(gzipSync(body));

let zeros: Uint8Array | null = null;

/** 64 KiB that unpack to 64 MiB; packed once. */
function packedZeros(): Uint8Array {
  zeros ??= gzip(new Uint8Array(BOMB_BYTES));
  return zeros;
}

/** UPL-TR-07: a request body that is small until it is unpacked. */
export const compressedBody: Check = {
  id: "UPL-TR-07",
  title: "A compressed request body is refused",
  why: "A limit on the bytes that arrive says nothing about the bytes that a decoder makes of them.",
  standards: ["v5.0.0-5.2.3", "CWE-409", "CVE-2025-69223", "CVE-2026-128131"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Refuse what you do not document: answer 415 in a middleware where `Content-Encoding` is anything but `identity`. Where it is documented, count the decoded bytes.",
    django:
      "Answer 415 in a middleware where `request.META.get('HTTP_CONTENT_ENCODING')` is set. Django does not decode, so the bytes are stored compressed under the wrong type.",
    flask: "Answer 415 in `before_request` where `request.content_encoding` is set.",
    gate: "Nothing to write: the gate answers 415.",
  },
  cases: strictly([
    coded("gzip", "gzip", gzip),
    coded("gzip with 64 MiB of zeros in it", "gzip", (body) => joined(gzip(body), packedZeros())),
    coded("gzip of many empty members", "gzip", (body) =>
      joined(...Array<Uint8Array>(EMPTY_MEMBERS).fill(gzip(new Uint8Array())), gzip(body)),
    ),
    coded("gzip twice", "gzip, gzip", (body) => gzip(gzip(body))),
    coded("gzip said, plain sent", "gzip", asIs),
    coded("an unknown coding", "x-unheard-of", asIs),
    coded("a coding in capitals", "GZIP", gzip),
    refuses(
      "gzip as transfer coding",
      (target) => {
        const request = chunked({ ...controlRequest(target), body: gzip(controlRequest(target).body) });
        return probeOf(withHeader(request, "Transfer-Encoding", "Transfer-Encoding: gzip, chunked"));
      },
      {
        statuses: [400, 415, 501],
        gateCodes: ["REQUEST_MALFORMED", "CONTENT_ENCODING_UNSUPPORTED"],
        closes: true,
      },
    ),
  ]),
};
