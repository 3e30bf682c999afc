import type { Check, CheckCase, Target } from "../check.ts";
import { accepts, multipartOnly, refuses, strictly } from "../define-case.ts";
import { utf8 } from "../payloads/bytes.ts";
import {
  BOUNDARY,
  controlContent,
  fieldPart,
  formBytes,
  formOf,
  formProbe,
  formRequest,
  formWithParts,
} from "../payloads/form.ts";
import { chunked, probeOf, withHeader } from "../payloads/upload-request.ts";

/** 422: to a reader that leaves out the part that breaks off, a field is missing. */
const truncated = {
  statuses: [400, 422],
  gateCodes: ["PROTOCOL_BODY_TRUNCATED", "PROTOCOL_BODY_MALFORMED", "PROTOCOL_PART_HEADER_MALFORMED"],
};

/** The control's body up to `end`, in a request that is whole: what ends early is the multipart inside it. */
function cutAt(name: string, end: (body: Buffer) => number, isChunked = false): CheckCase {
  return refuses(
    name,
    (target: Target) => {
      const content = controlContent(target);
      const request = formRequest(target, formOf(content), content);
      const body = request.body.subarray(0, end(Buffer.from(request.body)));
      const cut = { ...withHeader(request, "Content-Length", `Content-Length: ${body.length}`), body };
      return probeOf(isChunked ? chunked(cut, 100) : cut);
    },
    truncated,
    { appliesTo: multipartOnly },
  );
}

/** UPL-MP-11: bodies that stop. */
export const truncation: Check = {
  id: "UPL-MP-11",
  title: "A body that stops before its end is refused, wherever it stops",
  why: "A half file that counts as whole is stored for good, and a parser that throws on it takes the process along.",
  standards: ["v5.0.0-16.5.4", "CWE-248", "CVE-2025-47944", "CVE-2025-7338", "CVE-2026-124724"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Starlette takes a form without its last boundary where the body ends in order: compare `Content-Length` with what was read, and refuse a file whose structure ends early.",
    django:
      "Django takes what came: verify the file's own end (an image decoder, a PDF's trailer), and answer 400.",
    flask:
      "Werkzeug raises on a stream that ends early since 2.3, and Flask then answers 400: do not catch it.",
    gate: "Nothing to write: a form without its end is 400, and nothing of it is kept.",
  },
  cases: [
    cutAt("an empty body", () => 0),
    cutAt("in the first boundary", () => 8),
    cutAt("in a part's headers", (body) => body.indexOf("filename") + 4),
    cutAt("after a part's headers", (body) => body.lastIndexOf("\r\n\r\n") + 4),
    cutAt("in the file's bytes", (body) => body.lastIndexOf("\r\n\r\n") + 12),
    cutAt("in the file's bytes, chunked", (body) => body.lastIndexOf("\r\n\r\n") + 12, true),
    cutAt("before the last boundary", (body) => body.lastIndexOf(`\r\n--${BOUNDARY}--`)),
    cutAt("in the last boundary", (body) => body.lastIndexOf(`--${BOUNDARY}--`) + 10),
    cutAt("without the last two hyphens", (body) => body.lastIndexOf("--")),
    cutAt("with one of the last two hyphens", (body) => body.lastIndexOf("--") + 1),
    // The file itself is whole.
    ...strictly([
      refuses(
        "the last boundary followed by CRLF in place of hyphens",
        (target) =>
          formProbe(target, { ...formOf(controlContent(target)), closing: utf8(`--${BOUNDARY}\r\n`) }),
        { statuses: [400, 413, 422], gateCodes: [...truncated.gateCodes, "PROTOCOL_TOO_MANY_PARTS"] },
        { appliesTo: multipartOnly },
      ),
    ]),
    refuses(
      "in a part beyond every limit on parts",
      (target) => {
        const flood = Array.from({ length: 1500 }, () => fieldPart(target.fields[0]?.name ?? "text", ""));
        const whole = formBytes(formWithParts(target, ...flood));
        const request = formRequest(target, formOf(controlContent(target)));
        const body = whole.subarray(0, whole.length - 60);
        return probeOf({ ...withHeader(request, "Content-Length", `Content-Length: ${body.length}`), body });
      },
      {
        statuses: [400, 413, 422],
        gateCodes: [...truncated.gateCodes, "PROTOCOL_TOO_MANY_PARTS", "FIELD_REPEATED", "FIELD_UNKNOWN"],
      },
      { appliesTo: multipartOnly },
    ),
    accepts(
      "without the CRLF after the last boundary, as some clients send it",
      (target) => formProbe(target, { ...formOf(controlContent(target)), closing: utf8(`--${BOUNDARY}--`) }),
      { appliesTo: multipartOnly },
    ),
  ],
};
