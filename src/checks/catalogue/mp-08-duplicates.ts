import type { Check, CheckCase, Target } from "../check.ts";
import { multipartOnly, refuses, strictly } from "../define-case.ts";
import { controlContent, formProbe, formWithFilePart, part } from "../payloads/form.ts";

/** The control's file part with these header lines. */
function withLines(
  name: string,
  lines: (field: string, fileName: string, mediaType: string) => readonly string[],
): CheckCase {
  return refuses(
    name,
    (target: Target) => {
      const { field, control } = target.file;
      const changed = part(lines(field, control.name, control.mediaType), control.bytes);
      return formProbe(target, formWithFilePart(target, changed), controlContent(target));
    },
    {
      statuses: [400, 415, 422],
      gateCodes: ["PROTOCOL_PART_HEADER_DUPLICATED", "PROTOCOL_PART_HEADER_MALFORMED"],
    },
    { appliesTo: multipartOnly },
  );
}

const plain = (field: string, name: string) =>
  `Content-Disposition: form-data; name="${field}"; filename="${name}"`;

/** UPL-MP-08: everything said twice. */
export const duplicates: Check = {
  id: "UPL-MP-08",
  title: "A header or parameter that is sent twice is refused",
  why: "One parser takes the first, the other the last, and both are right.",
  standards: ["v5.0.0-15.3.7", "CWE-436", "CWE-794", "CVE-2026-21876", "CRS-922150"],
  flags: ["s"],
  remedy: {
    fastapi:
      "python-multipart takes the last of two parameters and headers. What is decided by a proxy or WAF in front must not be decided by the other one: let only one of them parse, or put the gate in front.",
    django: "Django takes the last; the same holds.",
    flask: "Werkzeug takes the first or last, depending on the header; the same holds.",
    gate: "Nothing to write: 400.",
  },
  cases: strictly([
    withLines("two file names", (field, name, type) => [
      `${plain(field, name)}; filename="a.html"`,
      `Content-Type: ${type}`,
    ]),
    withLines("two file names, alike", (field, name, type) => [
      `${plain(field, name)}; filename="${name}"`,
      `Content-Type: ${type}`,
    ]),
    withLines("two file names in other capitals", (field, name, type) => [
      `${plain(field, name)}; FILENAME="a.html"`,
      `Content-Type: ${type}`,
    ]),
    withLines("two field names", (field, name, type) => [
      `Content-Disposition: form-data; name="other"; name="${field}"; filename="${name}"`,
      `Content-Type: ${type}`,
    ]),
    withLines("two Content-Disposition headers", (field, name, type) => [
      plain(field, name),
      plain(field, "a.html"),
      `Content-Type: ${type}`,
    ]),
    withLines("two Content-Type headers", (field, name, type) => [
      plain(field, name),
      `Content-Type: ${type}`,
      "Content-Type: text/html",
    ]),
    withLines("two Content-Type headers with different charsets", (field, name, type) => [
      plain(field, name),
      `Content-Type: ${type}; charset=utf-8`,
      `Content-Type: ${type}; charset=utf-7`,
    ]),
    withLines("two charsets in one Content-Type", (field, name, type) => [
      plain(field, name),
      `Content-Type: ${type}; charset=utf-8; charset=utf-7`,
    ]),
  ]),
};
