import type { Check, Target } from "../check.ts";
import { neutralises } from "../define-case.ts";
import { headersArrive, headersUnseen, noFurtherHarm } from "../harms.ts";
import { joined } from "../payloads/bytes.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlRequest } from "../payloads/upload.ts";
import { chunked, probeOf, withHeader } from "../payloads/upload-request.ts";

const TINY_CHUNKS = 20_000;
const refused = {
  statuses: [400, 413, 431],
  gateCodes: ["REQUEST_MALFORMED", "REQUEST_HEADERS_TOO_LARGE", "BODY_TOO_LARGE"],
};

/** The control in one chunk with an extension of so many bytes. @see RFC 9112 section 7.1.1 */
function withExtension(target: Target, lengthBytes: number) {
  const request = withHeader(controlRequest(target), "Content-Length", "Transfer-Encoding: chunked");
  const size = `${request.body.length.toString(16)};x=`;
  return probeOf({
    ...request,
    body: joined(size, "a".repeat(lengthBytes), "\r\n", request.body, "\r\n0\r\n\r\n"),
  });
}

const TRAILERS = [
  "X-Canary: trailer",
  "Authorization: Bearer canary",
  "Content-Length: 1",
  "Sluicegate-Upload: canary",
];

/** Trailers must stay trailers, or be dropped. */
const trailerHarm = headersArrive("x-canary", "authorization", "sluicegate-upload");

/** UPL-TR-05: chunked coding that costs more than it carries. */
export const chunkAbuse: Check = {
  id: "UPL-TR-05",
  title: "Tiny chunks, long chunk extensions and trailers cost little and change nothing",
  why: "Each chunk and each extension costs work that no limit on body bytes sees, and a trailer that becomes a header is forged.",
  standards: ["CWE-400", "CWE-407", "CVE-2025-69229", "CVE-2021-22960", "CVE-2024-22019"],
  flags: ["b"],
  remedy: {
    fastapi:
      "This is decided by the server, not by FastAPI: run a current uvicorn with `--http h11`, which is stricter than httptools. Read the body by `request.stream()` and give the whole of it a deadline (`asyncio.timeout`).",
    django:
      "This is decided by the server, not by Django: gunicorn ≥ 23 refuses it; `runserver` is not for production. Put a proxy in front that joins chunks before Django is asked.",
    flask:
      "This is decided by the server, not by Flask: gunicorn ≥ 23 or waitress ≥ 3.0.1; Werkzeug's own server is not for production. Put a proxy in front that joins chunks before Flask is asked.",
    gate: "Nothing to write: chunks are read in one pass, extensions and trailers are dropped, `limits.request-headers` bounds them.",
  },
  cases: [
    neutralises(
      "20,000 chunks of one byte",
      (target) =>
        probeOf(
          chunked(
            controlRequest(target, sizedControl(target, Math.min(TINY_CHUNKS, target.file.sizeBytesMax))),
            1,
          ),
        ),
      { ...refused, withinMs: 3000 },
      noFurtherHarm,
      { appliesTo: canBeSized },
    ),
    neutralises(
      "a chunk extension of 1 KiB",
      (target) => withExtension(target, 1024),
      { ...refused, withinMs: 2000 },
      noFurtherHarm,
    ),
    // To bound them is advised, not demanded (RFC 9112 section 7.1.1): a server that skips them as they come spends nothing on them.
    neutralises(
      "a chunk extension of 256 KiB",
      (target) => withExtension(target, 256 * 1024),
      { ...refused, closes: true, withinMs: 2000 },
      noFurtherHarm,
    ),
    neutralises(
      "trailers that name headers",
      (target) => probeOf(chunked(controlRequest(target), 1024, TRAILERS)),
      refused,
      trailerHarm,
      { unclear: headersUnseen },
    ),
    neutralises(
      "64 KiB of trailers",
      (target) => {
        const trailers = Array.from({ length: 64 }, (_, index) => `X-Trailer-${index}: ${"a".repeat(1000)}`);
        return probeOf(chunked(controlRequest(target), 1024, trailers));
      },
      refused,
      headersArrive("x-trailer-0"),
      { unclear: headersUnseen },
    ),
  ],
};
