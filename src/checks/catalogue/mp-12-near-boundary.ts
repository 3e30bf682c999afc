import type { Check, CheckCase, Target } from "../check.ts";
import { accepts, multipartOnly, neutralises, whereAll } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { joined, repeated } from "../payloads/bytes.ts";
import { BOUNDARY, controlContent, formOf, formRequest } from "../payloads/form.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";
import { controlProbe } from "../payloads/upload.ts";
import { chunked, probeOf } from "../payloads/upload-request.ts";

const MEGABYTE = 1024 * 1024;

function takesAnyBytes(target: Target): true | string {
  return target.file.types === "any" || "the route takes files of known types only";
}

const appliesTo = whereAll(multipartOnly, takesAnyBytes);
const upTo = (target: Target) => Math.min(target.file.sizeBytesMax, MEGABYTE);

/** `pattern` over and over, up to a megabyte or the limit. */
function denseIn(target: Target, pattern: string): Uint8Array {
  return joined(pattern.repeat(Math.ceil(upTo(target) / pattern.length))).subarray(0, upTo(target));
}

function identical(name: string, bytes: (target: Target) => Uint8Array): CheckCase {
  return accepts(name, (target) => controlProbe(target, { bytes: bytes(target) }), {
    appliesTo,
    withinMs: 3000,
  });
}

/** UPL-MP-12: file bytes that nearly are the boundary. */
export const nearBoundary: Check = {
  id: "UPL-MP-12",
  title: "Content that resembles the boundary arrives byte for byte, in linear time",
  why: "A parser that searches again at every CR goes from milliseconds to minutes, and one that guesses cuts files short.",
  standards: ["CWE-407", "CVE-2023-46136"],
  flags: ["s"],
  remedy: {
    fastapi: "python-multipart ≥ 0.0.32 looks for the boundary in linear time.",
    django: "Django ≥ 5.2.19, 6.0.10 or 6.1.3.",
    flask: "Werkzeug ≥ 3.0.1 (CVE-2023-46136).",
    gate: "Nothing to write: linear time, byte for byte.",
  },
  cases: [
    identical("dense in CRLF", (target) => denseIn(target, "\r\n")),
    identical("dense in CR", (target) => denseIn(target, "\r")),
    identical("begins with LF and is full of it", (target) => denseIn(target, "\n")),
    identical("the boundary without its last character, over and over", (target) =>
      denseIn(target, `\r\n--${BOUNDARY.slice(0, -1)}`),
    ),
    identical("every beginning of the boundary", () =>
      joined(...Array.from({ length: BOUNDARY.length }, (_, length) => `\r\n--${BOUNDARY.slice(0, length)}`)),
    ),
    identical("the boundary in the middle of a line", () =>
      joined("a--", BOUNDARY, "--\r\n-", BOUNDARY, "\n--", BOUNDARY),
    ),
    identical("the whole delimiter after a bare LF", () => joined("a\n--", BOUNDARY, "--\n")),
    identical("ends in CRLF and hyphens", () => joined("a\r\n--")),
    identical("random bytes", (target) => seededBytes(target.seed, upTo(target))),
    neutralises(
      "the boundary at the start of a line, with more characters behind it",
      (target) => controlProbe(target, { bytes: joined("a\r\n--", BOUNDARY, "--x\r\nb") }),
      { statuses: [400], gateCodes: ["PROTOCOL_BODY_MALFORMED", "PROTOCOL_EPILOGUE_NOT_EMPTY"] },
      noFurtherHarm,
      { appliesTo },
    ),
    accepts(
      "dense in CRLF, chunked byte by byte",
      (target) => {
        const content = controlContent(target, { bytes: joined("\r\n".repeat(1000), repeated(0x2d, 1000)) });
        return probeOf(chunked(formRequest(target, formOf(content), content), 1));
      },
      { appliesTo, withinMs: 3000 },
    ),
  ],
};
