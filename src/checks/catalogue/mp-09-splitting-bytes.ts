import type { Check, CheckCase, Target } from "../check.ts";
import { multipartOnly, refuses, strictly } from "../define-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import {
  BOUNDARY,
  controlContent,
  formBytes,
  formOf,
  formProbe,
  formRequest,
  formWithFilePart,
  part,
} from "../payloads/form.ts";
import { probeOf, withHeader } from "../payloads/upload-request.ts";

const refused = {
  statuses: [400, 415, 422],
  gateCodes: [
    "PROTOCOL_PART_HEADER_MALFORMED",
    "PROTOCOL_BODY_MALFORMED",
    "PROTOCOL_PREAMBLE_NOT_EMPTY",
    "PROTOCOL_BODY_TRUNCATED",
    "PROTOCOL_PART_NAME_MISSING",
    "PROTOCOL_PART_HEADER_DUPLICATED",
  ],
};

/** The control's file part with a head written byte by byte. */
function withHead(name: string, head: (field: string, fileName: string, type: string) => string): CheckCase {
  return refuses(
    name,
    (target: Target) => {
      const { field, control } = target.file;
      const changed = part([latin1(head(field, control.name, control.mediaType))], control.bytes);
      return formProbe(target, formWithFilePart(target, changed), controlContent(target));
    },
    refused,
    { appliesTo: multipartOnly },
  );
}

const disposition = (field: string, name: string) =>
  `Content-Disposition: form-data; name="${field}"; filename="${name}"`;

/** The whole body, delimiters too, with LF in place of CRLF. */
function withBareLineFeeds(target: Target) {
  const content = controlContent(target);
  const request = formRequest(target, formOf(content), content);
  const body = latin1(
    Buffer.from(formBytes(formOf(content)))
      .toString("latin1")
      .replaceAll("\r\n", "\n"),
  );
  return probeOf({ ...withHeader(request, "Content-Length", `Content-Length: ${body.length}`), body });
}

/** UPL-MP-09: bytes at which parsers part ways. */
export const splittingBytes: Check = {
  id: "UPL-MP-09",
  title: "Bytes that parsers read differently are refused",
  why: "Where a filter and the service split a part at different bytes, the filter has not seen what the service stores.",
  standards: ["v5.0.0-1.5.3", "CWE-436", "CRS-922130"],
  flags: ["s"],
  remedy: {
    fastapi:
      "python-multipart ≥ 0.0.32, and one parser only: what two of them read differently is the attack.",
    django:
      "Django ≥ 5.2.19, 6.0.10 or 6.1.3. Look that a file name with a NUL or line break is refused before it reaches the storage (`SuspiciousFileOperation` must be a 400).",
    flask: "Werkzeug ≥ 3.1.6; the same.",
    gate: "Nothing to write: 400.",
  },
  cases: strictly([
    withHead(
      "a NUL in a header's name",
      (field, name, type) => `${disposition(field, name)}\r\nContent\0-Type: ${type}`,
    ),
    withHead(
      "a NUL in a header's value",
      (field, name, type) => `${disposition(field, `a\0${name}`)}\r\nContent-Type: ${type}`,
    ),
    withHead(
      "a folded header",
      (field, name, type) =>
        `Content-Disposition: form-data;\r\n name="${field}"; filename="${name}"\r\nContent-Type: ${type}`,
    ),
    withHead(
      "a header that begins folded",
      (field, name, type) => ` X-Folded: a\r\n${disposition(field, name)}\r\nContent-Type: ${type}`,
    ),
    withHead(
      "a bare CR between headers",
      (field, name, type) => `${disposition(field, name)}\rContent-Type: ${type}`,
    ),
    withHead(
      "a bare LF between headers",
      (field, name, type) => `${disposition(field, name)}\nContent-Type: ${type}`,
    ),
    withHead(
      "a bare CR in a file name",
      (field, name, type) => `${disposition(field, `a\r${name}`)}\r\nContent-Type: ${type}`,
    ),
    withHead(
      "a space before the colon",
      (field, name, type) =>
        `Content-Disposition : form-data; name="${field}"; filename="${name}"\r\nContent-Type: ${type}`,
    ),
    withHead(
      "a tab before the colon",
      (field, name, type) => `${disposition(field, name)}\r\nContent-Type\t: ${type}`,
    ),
    withHead(
      "a header without a colon",
      (field, name, type) => `${disposition(field, name)}\r\nContent-Type ${type}`,
    ),
    withHead("a header without a name", (field, name) => `${disposition(field, name)}\r\n: a`),
    withHead(
      "a name that is nearly one that matters",
      (field, name, type) =>
        `Content_-Disposition: form-data; name="other"\r\n${disposition(field, name)}\r\nContent_-Type: ${type}`,
    ),
    withHead(
      "a control character in a header's value",
      (field, name, type) => `${disposition(field, name)}\r\nContent-Type: ${type}\x0b`,
    ),
    withHead(
      "bytes after the closing quote",
      (field, name, type) =>
        `Content-Disposition: form-data; name="${field}"x; filename="${name}"\r\nContent-Type: ${type}`,
    ),
    withHead(
      "no closing quote",
      (field, name, type) =>
        `Content-Disposition: form-data; name="${field}"; filename="${name}\r\nContent-Type: ${type}`,
    ),
    refuses("LF in place of CRLF everywhere", withBareLineFeeds, refused, { appliesTo: multipartOnly }),
    refuses(
      "LF alone after the first boundary",
      (target) => {
        const content = controlContent(target);
        const request = formRequest(target, formOf(content), content);
        const start = `--${BOUNDARY}`;
        const body = joined(`${start}\n`, request.body.subarray(start.length + 2));
        return probeOf({ ...withHeader(request, "Content-Length", `Content-Length: ${body.length}`), body });
      },
      refused,
      { appliesTo: multipartOnly },
    ),
  ]),
};
